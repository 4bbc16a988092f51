namespace Tokenry.Protocol.Proofs;

/// <summary>
/// A request as its signature covers it (RFC 9421 §2). Scheme and authority come from trusted configuration, as clients know them, and not from the request's
/// own headers. This class checks nothing: the verifier of the signature refuses what cannot be signed.
/// </summary>
public sealed class HttpMessage
{
    /// <summary>A request.</summary>
    /// <param name="method">The method, compared byte for byte.</param>
    /// <param name="scheme"><c>https</c> or <c>http</c>.</param>
    /// <param name="authority">The host, and the port unless it is the scheme's default.</param>
    /// <param name="target">Path and query exactly as they were sent, with escapes unchanged (the origin form of RFC 9112 §3.2.1).</param>
    /// <param name="fields">Returns the lines of a field by its name in lower case; none if it is absent.</param>
    /// <param name="body">
    /// The content as received; empty if there is none. Null if the verifier does not see it, as in a gateway's subrequest. Then the server that sees it must
    /// compare it with the <c>Content-Digest</c> (<see cref="ContentDigest.Matches"/>), after <see cref="SignatureInput.Covers"/> confirmed that the digest is
    /// signed.
    /// </param>
    public HttpMessage(
        string method,
        string scheme,
        string authority,
        string target,
        Func<string, IReadOnlyList<string?>> fields,
        ReadOnlyMemory<byte>? body
    )
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(scheme);
        ArgumentNullException.ThrowIfNull(authority);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(fields);
        Method = method;
        Scheme = scheme.ToLowerInvariant();
        Authority = WithoutDefaultPort(Scheme, authority.ToLowerInvariant());
        var query = target.IndexOf('?', StringComparison.Ordinal);
        Target = target;
        Path =
            query == 0 || target.Length == 0 ? "/"
            : query < 0 ? target
            : target[..query];
        Query = query < 0 ? "?" : target[query..];
        Fields = fields;
        Body = body;
    }

    /// <summary>The value of <c>@method</c> (§2.2.1).</summary>
    public string Method { get; }

    /// <summary>The value of <c>@scheme</c> (§2.2.4): lower case.</summary>
    public string Scheme { get; }

    /// <summary>The value of <c>@authority</c> (§2.2.3): lower case, without the scheme's default port.</summary>
    public string Authority { get; }

    /// <summary>The value of <c>@path</c> (§2.2.6): <c>/</c> if it is empty.</summary>
    public string Path { get; }

    /// <summary>The value of <c>@query</c> (§2.2.7) with its question mark; only the question mark if there is no query.</summary>
    public string Query { get; }

    /// <summary>The value of <c>@target-uri</c> (§2.2.2).</summary>
    public string TargetUri => $"{Scheme}://{Authority}{(Target.StartsWith('/') ? "" : "/")}{Target}";

    /// <summary>
    /// True for a method whose requests usually have content (RFC 9110 §9.3): all except <c>GET</c>, <c>HEAD</c>, <c>DELETE</c> and <c>TRACE</c>. A verifier
    /// that does not see the content of such a request, as a gateway's door, requires a covered digest even for empty content.
    /// </summary>
    public static bool UsuallyHasContent(string method) => method is not ("GET" or "HEAD" or "DELETE" or "TRACE");

    internal Func<string, IReadOnlyList<string?>> Fields { get; }

    internal ReadOnlyMemory<byte>? Body { get; }

    private string Target { get; }

    internal HttpMessage WithField(string name, string value) =>
        new(Method, Scheme, Authority, Target, asked => asked == name ? [value] : Fields(asked), Body);

    private static string WithoutDefaultPort(string scheme, string authority)
    {
        var port = scheme switch
        {
            "https" => ":443",
            "http" => ":80",
            _ => "",
        };
        return port.Length > 0 && authority.EndsWith(port, StringComparison.Ordinal) ? authority[..^port.Length] : authority;
    }
}
