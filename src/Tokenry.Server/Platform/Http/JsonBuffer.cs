using System.Buffers;
using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>A buffer and the writer of JSON into it, which the thread keeps and lends again; what was in it stays nowhere longer than that.</summary>
public sealed class JsonBuffer : IDisposable
{
    private const int Usual = 1024;
    private const int LongestKept = 64 * 1024;

    [ThreadStatic]
    private static JsonBuffer? kept;

    private readonly ArrayBufferWriter<byte> buffer = new(Usual);

    private JsonBuffer() => Writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = TokenryJson.Strict.Encoder });

    public Utf8JsonWriter Writer { get; }

    /// <summary>What was written so far.</summary>
    public ReadOnlySpan<byte> Written
    {
        get
        {
            Writer.Flush();
            return buffer.WrittenSpan;
        }
    }

    /// <summary>To be disposed on the same thread, before anything is awaited.</summary>
    public static JsonBuffer Borrow()
    {
        var lent = kept ?? new JsonBuffer();
        kept = null; // who borrows meanwhile gets another
        return lent;
    }

    public void Dispose()
    {
        buffer.Clear(); // it may have held a token
        Writer.Reset();
        if (buffer.Capacity <= LongestKept)
        {
            kept = this;
        }
    }
}
