using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// This server as passkeys know it. A passkey belongs to a host name (the relying party's id, WebAuthn §5.1.2) and works on pages of that host only. The name
/// comes from the configuration, because clients can forge <c>Host</c>.
/// </summary>
public sealed class RelyingParty
{
    public RelyingParty(TokenryOptions options)
    {
        Address = BrowserAddress.Of(options);
        var address = new Uri(Address);
        Id = address.HostNameType == UriHostNameType.Dns ? address.IdnHost.ToLowerInvariant() : null;
        Origin = address.GetLeftPart(UriPartial.Authority);
    }

    /// <summary>The address under which a person opens the pages.</summary>
    public string Address { get; }

    /// <summary>The host name; <c>null</c> = the address is a bare IP address, for which browsers make no passkeys.</summary>
    public string? Id { get; }

    /// <summary>The only origin whose answers count.</summary>
    public string Origin { get; }

    /// <summary>Whether a browser that opened a page by this request can use passkeys there.</summary>
    public bool IsAt(HttpRequest request) =>
        Id is not null
        // The Host header is only compared, never used as this server's own name.
        && string.Equals(new HostString(request.Headers.Host.ToString()).Host, Id, StringComparison.OrdinalIgnoreCase);
}
