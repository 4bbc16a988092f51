namespace Tokenry.Server.Platform.Http;

/// <summary>
/// The original request that a trusted proxy describes: <c>X-Forwarded-Method</c> and <c>-Uri</c>, or <c>X-Original-Method</c>, <c>-URI</c> and <c>-URL</c>. It
/// is used for records and credentials in the query, never to decide which rights are required.
/// </summary>
public readonly record struct ForwardedRequest(string? Method, string? Path, string? Query)
{
    /// <summary>Path and query, with escapes unchanged.</summary>
    public string? Target => Path is null ? null : Path + Query;

    private const int LongestMethod = 20;
    private const int LongestPath = 4096;

    private static readonly string[] MethodHeaders = ["X-Forwarded-Method", "X-Original-Method"];
    private static readonly string[] TargetHeaders = ["X-Forwarded-Uri", "X-Original-URI", "X-Original-URL"];

    /// <exception cref="ProblemException">400 if the headers disagree, because then one of them is not the proxy's.</exception>
    public static ForwardedRequest Of(HttpContext context)
    {
        if (!RequestFacts.Of(context).IsFromProxy)
        {
            return default;
        }

        var headers = context.Request.Headers;
        var method = One(headers, MethodHeaders, static said => said);
        // One header may have the path and another the whole URL, as with ingress-nginx.
        var target = One(headers, TargetHeaders, RequestTarget.OriginForm);
        return Read(method, target);
    }

    /// <summary>A method and a path or URL that a caller supplied; the query is separated.</summary>
    public static ForwardedRequest Read(string? method, string? target)
    {
        method = Short(method, LongestMethod);
        if (target is null)
        {
            return new(method, null, null);
        }

        target = RequestTarget.OriginForm(target); // a proxy may send the whole URL
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        return mark < 0 ? new(method, Short(target, LongestPath), null) : new(method, Short(target[..mark], LongestPath), target[mark..]);
    }

    private static string? One(IHeaderDictionary headers, string[] names, Func<string, string> meaning)
    {
        string? found = null;
        foreach (var name in names)
        {
            foreach (var value in headers[name])
            {
                if (string.IsNullOrEmpty(value))
                {
                    continue; // proxies clear a client's header with an empty value
                }

                var said = meaning(value);
                if (found is not null && found != said)
                {
                    throw new ProblemException(
                        400,
                        Protocol.Api.ProblemCode.InvalidRequest,
                        $"The headers {string.Join(", ", names)} disagree. Configure the proxy to set one and clear the others."
                    );
                }

                found = said;
            }
        }

        return found;
    }

    private static string? Short(string? text, int longest) => text is null ? null : Validation.Cut(text, longest);
}
