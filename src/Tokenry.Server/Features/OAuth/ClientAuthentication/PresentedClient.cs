namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>What a method found in a request: nothing of its kind, something broken, or a client id with its secret.</summary>
/// <param name="IsRequested">Whether the request uses the method at all.</param>
/// <param name="ClientId">The client that is claimed; <c>null</c> where what was sent cannot be read.</param>
/// <param name="Secret">What it proves itself with.</param>
public readonly record struct PresentedClient(bool IsRequested, string? ClientId = null, string? Secret = null)
{
    public static readonly PresentedClient NotRequested;

    public static readonly PresentedClient Unreadable = new(IsRequested: true);

    // A record would print the secret.
    public override string ToString() => $"{nameof(PresentedClient)} {{ {ClientId} }}";
}
