using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;

namespace Hub;

/// <summary>
/// Whether a request comes from a device: an access token of Tokenry's for this API, bound to the TLS client certificate of this connection (RFC 8705 §3), and
/// not taken back as far as the hub heard. Nobody is asked.
/// </summary>
internal sealed class DeviceTokens(HubSettings settings, IssuerKeys keys, SeenTokens seen, TimeProvider time)
{
    private readonly AccessTokenValidator _validator = new(settings.Issuer, time);

    /// <returns>The token, or in words why there is none.</returns>
    public (AccessToken? Token, string Fault) Check(HttpContext context)
    {
        if (
            context.Request.Headers.Authorization.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var scheme, var text]
            || !IsBearer(scheme)
        )
        {
            return (null, "send an access token");
        }

        var result = _validator.Validate(text, keys.Find);
        if (!result.IsValid)
        {
            return (null, result.Fault == AccessTokenFault.Expired ? "it has expired" : "it is no token of ours");
        }

        var token = result.Token;
        var certificate = context.Connection.ClientCertificate;
        if (!token.IsFor(settings.Identifier))
        {
            return (null, "it is for another API");
        }

        // What is bound to more than a certificate, nobody here could check.
        if (token.Confirmation is not { IsUnderstood: true, KeyThumbprint: null, CertificateThumbprint: { } bound })
        {
            return (null, "tokens bound to a certificate only");
        }

        if (certificate is null || CertificateThumbprint.Of(certificate.RawData) != bound)
        {
            return (null, "bound to another client certificate");
        }

        return seen.Note(token, text, certificate) ? (token, "") : (null, "it was taken back");
    }

    private static bool IsBearer(string scheme) => scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase);
}
