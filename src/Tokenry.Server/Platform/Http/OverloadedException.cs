namespace Tokenry.Server.Platform.Http;

/// <summary>The server accepts no more bytes for now: 503, and the client may retry.</summary>
public sealed class OverloadedException()
    : Exception("Too many requests have not arrived completely. Send the whole request at once, or try again shortly.")
{
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);
}
