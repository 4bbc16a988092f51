using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Access;

/// <summary>
/// What a kind of credential may do at Tokenry itself, besides opening APIs. An anonymous key is public: web pages and programs contain it, and every reader
/// can see it. It therefore names an application for its quota and does nothing in that application's name (docs/decisions/0061-capabilities.md).
/// </summary>
/// <param name="ActsForOwner">
/// Whether the holder acts for the owner: it verifies and introspects as a resource server and manages the credential itself.
/// </param>
/// <param name="EndsWhenReported">Whether a caller that holds the string may revoke it as leaked, without any other proof.</param>
public sealed record Capabilities(bool ActsForOwner, bool EndsWhenReported)
{
    private static readonly Capabilities Secret = new(ActsForOwner: true, EndsWhenReported: true);
    private static readonly Capabilities Public = new(ActsForOwner: false, EndsWhenReported: false);

    /// <param name="kind">One of <see cref="CredentialKind"/>.</param>
    public static Capabilities Of(string? kind) => kind == CredentialKind.AnonymousApiKey ? Public : Secret;
}
