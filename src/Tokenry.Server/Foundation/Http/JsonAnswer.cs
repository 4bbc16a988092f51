using System.Buffers;
using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Foundation.Http;

/// <summary>
/// A JSON answer that is complete before its first byte leaves, so that it has a Content-Length and a fault in writing it is still an error of
/// its own. Buffer and writer are the thread's and serve again.
/// </summary>
public static class JsonAnswer
{
    private const int Usual = 1024;
    private const int LongestKept = 64 * 1024;

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer)? kept;

    /// <summary>An object of the API, as its type says.</summary>
    public static void Write(HttpResponse response, object value) =>
        Write(
            response,
            value,
            static (json, value) => JsonSerializer.Serialize(json, value, TokenryJson.Strict.GetTypeInfo(value.GetType()))
        );

    /// <summary>An object whose members <paramref name="members"/> writes; it must not await.</summary>
    public static void WriteObject<TState>(HttpResponse response, TState state, Action<Utf8JsonWriter, TState> members) =>
        Write(
            response,
            (state, members),
            static (json, given) =>
            {
                json.WriteStartObject();
                given.members(json, given.state);
                json.WriteEndObject();
            }
        );

    private static void Write<TState>(HttpResponse response, TState state, Action<Utf8JsonWriter, TState> write)
    {
        var (buffer, json) = kept ??= New();
        buffer.ResetWrittenCount();
        json.Reset(buffer);
        write(json, state);
        json.Flush();
        // Kestrel sends what is in its pipe when the request ends: nothing is to be awaited.
        response.ContentType = "application/json";
        response.ContentLength = buffer.WrittenCount;
        response.BodyWriter.Write(buffer.WrittenSpan);
        if (buffer.Capacity > LongestKept)
        {
            kept = null;
        }
    }

    private static (ArrayBufferWriter<byte>, Utf8JsonWriter) New()
    {
        var buffer = new ArrayBufferWriter<byte>(Usual);
        return (buffer, new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = TokenryJson.Strict.Encoder }));
    }
}
