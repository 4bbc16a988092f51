using Tokenry.Server.Core.Authentication;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>The result of reading a request by one method: no credential, a malformed credential, or a client id with its proof.</summary>
/// <param name="Method">The name of the method, of <see cref="Protocol.Api.ClientAuthenticationMethod"/>; <c>null</c> if the request does not use it.</param>
/// <param name="ClientId">The claimed client; <c>null</c> if the request does not name one or cannot be read.</param>
/// <param name="Proof">The secret or assertion.</param>
public readonly record struct PresentedClient(string? Method, string? ClientId = null, string? Proof = null)
{
    /// <summary>The method that checks the proof; <c>null</c> if it is the one that read it.</summary>
    public IClientAuthenticationMethod? CheckedBy { get; init; }

    /// <summary>The TLS client certificate, if that is the proof.</summary>
    public ClientCertificate? Certificate { get; init; }

    /// <summary>Whether the proof is the subject token of an exchange.</summary>
    public bool IsSubjectToken { get; init; }

    public bool IsRequested => Method is not null;

    // A record would print the secret.
    public override string ToString() => $"{nameof(PresentedClient)} {{ {Method} {ClientId} }}";
}
