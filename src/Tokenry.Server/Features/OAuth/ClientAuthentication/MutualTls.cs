using System.Security.Cryptography.X509Certificates;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>
/// <c>tls_client_auth</c> and <c>self_signed_tls_client_auth</c> (RFC 8705 §2): <c>client_id</c> in the form, and a TLS client certificate as the only
/// credential. The registered entry that matches decides which method it was: a name from an authority, or the certificate or its key.
/// </summary>
public sealed class MutualTls(ClientKeyCache clientKeys, PrincipalCache principals, TokenryOptions options, TimeProvider time)
    : IClientAuthenticationMethod
{
    // For the audit; the client gets the same answer for all of them.
    private static readonly AuditReason Expired = new("certificate_expired");
    private static readonly AuditReason NotRegistered = new("certificate_unknown");
    private static readonly AuditReason Untrusted = new("certificate_untrusted");

    /// <summary>Both methods, if the server sees certificates.</summary>
    public IReadOnlyList<string> Names { get; } =
        options.Tls.SeesCertificates ? [ClientAuthenticationMethod.TlsClientAuth, ClientAuthenticationMethod.SelfSignedTlsClientAuth] : [];

    public CredentialPlace Place => CredentialPlace.Elsewhere;

    public static bool IsMethod(string? method) =>
        method is ClientAuthenticationMethod.TlsClientAuth or ClientAuthenticationMethod.SelfSignedTlsClientAuth;

    public PresentedClient Read(in ClientRequest request) =>
        request.Certificate is { } certificate
            ? new PresentedClient(ClientAuthenticationMethod.TlsClientAuth, request.Form["client_id"]) { Certificate = certificate }
            : default;

    public async ValueTask<ProvedClient> AuthenticateAsync(PresentedClient presented)
    {
        if (presented is not { ClientId: { } clientId, Certificate: { } certificate })
        {
            return ProvedClient.Malformed;
        }

        var found = await FindAsync(clientId, certificate);
        return new(found) { Method = found.Stored is { } credential ? MethodOf(credential) : null };
    }

    /// <summary>Finds the application's registered entry for the certificate: the first valid entry, else the first that matches it.</summary>
    private async ValueTask<AuthenticationResult> FindAsync(string clientId, ClientCertificate presented)
    {
        if (await principals.ClientAsync(clientId) is not { } owner)
        {
            return AuthenticationFailure.Of(VerificationCode.Unknown);
        }

        var now = time.GetUtcNow();
        var certificate = presented.Certificate;
        if (now.UtcDateTime < certificate.NotBefore.ToUniversalTime() || now.UtcDateTime > certificate.NotAfter.ToUniversalTime())
        {
            return AuthenticationFailure.Of(Expired);
        }

        AuthenticationResult? best = null;
        var isUntrusted = false;
        foreach (var registered in await CandidatesAsync(clientId, certificate))
        {
            // A client can write any name into its own certificate (§7.4), so the server builds the chain for every certificate.
            if (registered.Certificate is { IsRule: true } rule && !rule.IsTrusted(certificate, presented.Sent, now))
            {
                isUntrusted = true;
                continue;
            }

            var proved = AuthenticatedCredential.Judge(registered, owner, now);
            if (proved.IsGood && owner.Client.Takes(MethodOf(registered)))
            {
                return proved;
            }

            best ??= proved;
        }

        return best ?? AuthenticationFailure.Of(isUntrusted ? Untrusted : NotRegistered);
    }

    private static string MethodOf(CredentialFacts registered) =>
        registered.Certificate is { IsRule: true }
            ? ClientAuthenticationMethod.TlsClientAuth
            : ClientAuthenticationMethod.SelfSignedTlsClientAuth;

    /// <summary>The registered entries that match this certificate: by the thumbprints of the certificate and its key, and by its names.</summary>
    private async ValueTask<List<CredentialFacts>> CandidatesAsync(string clientId, X509Certificate2 certificate)
    {
        var thumbprint = CertificateThumbprint.Of(certificate.RawDataMemory.Span);
        var candidates = await clientKeys.WhereAsync(clientId, CredentialKind.Certificate, IsRule);
        candidates.RemoveAll(rule => !rule.Certificate!.IsAbout(certificate));
        if (await clientKeys.FindAsync(clientId, CredentialKind.Certificate, thumbprint) is { } itself)
        {
            candidates.Insert(0, itself);
        }

        string? keyThumbprint = null;
        candidates.AddRange(
            await clientKeys.WhereAsync(
                clientId,
                CredentialKind.PublicKey,
                key => key.Masked == (keyThumbprint ??= CertificateKey.Thumbprint(certificate))
            )
        );
        return candidates;

        static bool IsRule(ClientKey registered) => registered.KeyId is null;
    }
}
