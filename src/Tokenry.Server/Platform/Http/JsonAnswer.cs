using System.Text.Json;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// A JSON answer that is complete before its first byte leaves, so that it has a Content-Length and a fault in writing it is still an error of
/// its own.
/// </summary>
public static class JsonAnswer
{
    /// <summary>An object whose members <paramref name="members"/> writes; it must not await.</summary>
    public static void WriteObject<TState>(HttpResponse response, TState state, Action<Utf8JsonWriter, TState> members)
    {
        using var json = JsonBuffer.Borrow();
        json.Writer.WriteStartObject();
        members(json.Writer, state);
        json.Writer.WriteEndObject();
        Send(response, json);
    }

    // Kestrel sends what is in its pipe when the request ends: nothing is to be awaited.
    private static void Send(HttpResponse response, JsonBuffer json)
    {
        var written = json.Written;
        response.ContentType = MediaType.Json;
        response.ContentLength = written.Length;
        written.CopyTo(response.BodyWriter.GetSpan(written.Length));
        response.BodyWriter.Advance(written.Length);
    }
}
