namespace InvoicesApi;

/// <summary>
/// Who calls, as the proxy says. That is all an API behind the door has to read; it believes these headers because only the proxy can reach
/// it, and the proxy lets none of a client's own through.
/// </summary>
/// <param name="Subject">The user or application; empty for an anonymous API key.</param>
/// <param name="Kind">What was presented: an API key, a personal access token, an access token.</param>
/// <param name="Credential">Its public id, for logs and support.</param>
/// <param name="Scopes">What the caller may do here.</param>
/// <param name="Objects">What it is limited to; empty for no limit.</param>
internal sealed record Caller(string Subject, string Kind, string Credential, string Scopes, string Objects)
{
    public static Caller Of(IHeaderDictionary headers) =>
        new(
            headers["X-Tokenry-Subject"].ToString(),
            headers["X-Tokenry-Kind"].ToString(),
            headers["X-Tokenry-Credential"].ToString(),
            headers["X-Tokenry-Scopes"].ToString(),
            headers["X-Tokenry-Objects"].ToString()
        );
}
