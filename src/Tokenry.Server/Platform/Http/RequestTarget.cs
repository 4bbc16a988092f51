namespace Tokenry.Server.Platform.Http;

/// <summary>The target of a request (RFC 9112 §3.2) as it was sent, with escapes unchanged.</summary>
public static class RequestTarget
{
    private const string AfterScheme = "://";

    /// <summary>The schemes of absolute targets; a WebSocket starts as an http request.</summary>
    private static readonly string[] Schemes = ["http://", "https://", "ws://", "wss://"];

    /// <summary>Path and query, also of a target that is a whole URL.</summary>
    public static string OriginForm(string target)
    {
        if (target.StartsWith('/') || !Array.Exists(Schemes, scheme => target.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)))
        {
            return target; // a target with a leading slash is always a path
        }

        var rest = target.AsSpan(target.IndexOf(AfterScheme, StringComparison.Ordinal) + AfterScheme.Length);
        var fragment = rest.IndexOf('#');
        rest = fragment < 0 ? rest : rest[..fragment];
        var path = rest.IndexOfAny('/', '?');
        return path < 0 ? "/"
            : rest[path] == '/' ? rest[path..].ToString()
            : $"/{rest[path..]}";
    }
}
