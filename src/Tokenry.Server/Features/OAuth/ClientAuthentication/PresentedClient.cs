namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>What a method found in a request: nothing of its kind, something broken, or a client id with its proof.</summary>
/// <param name="Method">The method the request uses, of <see cref="Protocol.Api.ClientAuthenticationMethod"/>; <c>null</c> = not this one.</param>
/// <param name="ClientId">The client that is claimed; <c>null</c> where what was sent does not say or cannot be read.</param>
/// <param name="Proof">What it proves itself with: a secret or an assertion.</param>
public readonly record struct PresentedClient(string? Method, string? ClientId = null, string? Proof = null)
{
    /// <summary>Whether the proof is the subject token of an exchange.</summary>
    public bool IsSubjectToken { get; init; }

    public bool IsRequested => Method is not null;

    // A record would print the secret.
    public override string ToString() => $"{nameof(PresentedClient)} {{ {Method} {ClientId} }}";
}
