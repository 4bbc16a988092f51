using Tokenry.Protocol.Api;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>
/// A client authentication method (RFC 6749 §2.3). <see cref="OAuthApi"/> registers the methods. Their order there is the order in the metadata. It is also
/// the order in which they read a request that carries no credential in header or form.
/// </summary>
public interface IClientAuthenticationMethod
{
    /// <summary>The names in the metadata; empty if the metadata does not advertise the method.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Where a request carries the credential of this method.</summary>
    CredentialPlace Place { get; }

    /// <summary>Whether the method authenticates the client. Endpoints that are closed to public clients do not offer a method that proves nothing.</summary>
    bool IsProof => true;

    /// <summary>The JWS algorithms of its assertions, for the metadata.</summary>
    IReadOnlyList<string> SigningAlgorithms => [];

    /// <summary>Reads the credential that the request presents by this method; <c>default</c> if there is none.</summary>
    /// <exception cref="OAuthError">400: the request uses this method and is malformed.</exception>
    PresentedClient Read(in ClientRequest request);

    /// <summary>Finds the client of the presented credential and checks whether it is valid.</summary>
    ValueTask<ProvedClient> AuthenticateAsync(PresentedClient presented);

    /// <summary>Whether a credential of that kind authenticates a client by this method.</summary>
    bool Accepts(string? kind) => CredentialKind.IsClientAuthentication(kind);

    /// <summary>Claims a one-time credential. This is the last step, so that a refused request claims nothing.</summary>
    /// <returns><c>false</c> if it was used before.</returns>
    ValueTask<bool> ClaimAsync(ProvedClient proved) => new(true);
}
