using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>
/// A grant of the token endpoint (RFC 6749 §1.3). <see cref="OAuthApi"/> registers the grants; their order there is the order in the metadata and in
/// error texts.
/// </summary>
public interface IGrant
{
    /// <summary>Its <c>grant_type</c>.</summary>
    string Name { get; }

    /// <summary>The form parameters that only this grant reads, for the OpenAPI document.</summary>
    IReadOnlyList<RouteMember> Parameters => [];

    /// <summary>Whether the subject token of the request may authenticate the client, if the request has no other client authentication.</summary>
    bool SubjectMayAuthenticate => false;

    /// <summary>Issues the token. The endpoint has authenticated the client and checked the DPoP proof.</summary>
    /// <exception cref="OAuthError">The request is refused.</exception>
    ValueTask<IssuedToken> RunAsync(TokenRequest request);
}
