using System.Buffers;
using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>A buffer with a JSON writer, which each thread keeps and reuses. It is cleared after each use.</summary>
public sealed class JsonBuffer : IDisposable
{
    private const int Usual = 1024;
    private const int LongestKept = 64 * 1024;

    [ThreadStatic]
    private static JsonBuffer? kept;

    private readonly ArrayBufferWriter<byte> buffer = new(Usual);

    private JsonBuffer() => Writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = TokenryJson.Strict.Encoder });

    public Utf8JsonWriter Writer { get; }

    /// <summary>The bytes written so far.</summary>
    public ReadOnlySpan<byte> Written
    {
        get
        {
            Writer.Flush();
            return buffer.WrittenSpan;
        }
    }

    /// <summary>Lends the buffer of this thread. Dispose it on the same thread, before any await.</summary>
    public static JsonBuffer Borrow()
    {
        var lent = kept ?? new JsonBuffer();
        kept = null; // a second borrower meanwhile gets a new one
        return lent;
    }

    public void Dispose()
    {
        buffer.Clear(); // the buffer may contain a token
        Writer.Reset();
        if (buffer.Capacity <= LongestKept)
        {
            kept = this;
        }
    }
}
