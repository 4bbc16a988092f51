namespace Tokenry.Server.Platform.Http;

/// <summary>The target of a request (RFC 9112 §3.2) as it was sent, escapes untouched.</summary>
public static class RequestTarget
{
    private const string AfterScheme = "://";

    /// <summary>Of addresses that are told; WebSockets begin as requests over http.</summary>
    private static readonly string[] Schemes = ["http://", "https://", "ws://", "wss://"];

    /// <summary>Path and query, also of a target that is a whole address.</summary>
    public static string OriginForm(string target)
    {
        if (target.StartsWith('/') || !Array.Exists(Schemes, scheme => target.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)))
        {
            return target; // what begins with a slash is a path, whatever stands in it
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
