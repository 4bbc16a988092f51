namespace Tokenry.Server.Platform.Http;

/// <summary>The server takes no more for now; 503, and a client may try again.</summary>
public sealed class OverloadedException()
    : Exception("The server holds as many unfinished requests as it takes. Send the whole request at once, or try again shortly.")
{
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);
}
