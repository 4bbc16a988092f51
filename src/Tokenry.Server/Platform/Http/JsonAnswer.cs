using System.Text.Json;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// A JSON answer that is complete before its first byte is sent. So it has a Content-Length, and an error while writing it can still become an error answer.
/// </summary>
public static class JsonAnswer
{
    /// <summary>Writes an object with the members that <paramref name="members"/> writes; that callback must not await.</summary>
    public static void WriteObject<TState>(HttpResponse response, TState state, Action<Utf8JsonWriter, TState> members)
    {
        using var json = JsonBuffer.Borrow();
        json.Writer.WriteStartObject();
        members(json.Writer, state);
        json.Writer.WriteEndObject();
        Send(response, json);
    }

    // Kestrel sends the content of its pipe when the request ends, so nothing needs to be awaited.
    private static void Send(HttpResponse response, JsonBuffer json)
    {
        var written = json.Written;
        response.ContentType = MediaType.Json;
        response.ContentLength = written.Length;
        written.CopyTo(response.BodyWriter.GetSpan(written.Length));
        response.BodyWriter.Advance(written.Length);
    }
}
