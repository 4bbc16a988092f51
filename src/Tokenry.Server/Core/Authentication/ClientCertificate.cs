using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Certificates;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// The TLS client certificate of a request, whose private key the TLS handshake proved: the connection's own, or behind a listed proxy the one it
/// forwards. Anybody may present any: whether it means something is for whoever looks at it.
/// </summary>
public sealed class ClientCertificate(X509Certificate2 certificate, IReadOnlyList<X509Certificate2> sent)
{
    private const int MostSent = 8;

    // The framework forgets what else a handshake brought; a certificate's life here is its connection's.
    private static readonly ConditionalWeakTable<X509Certificate2, IReadOnlyList<X509Certificate2>> SentWith = [];

    public X509Certificate2 Certificate => certificate;

    /// <summary>What came with it and may stand between it and its authority; trusted for nothing.</summary>
    public IReadOnlyList<X509Certificate2> Sent => sent;

    /// <summary>Its <c>x5t#S256</c>.</summary>
    public string Thumbprint { get; } = CertificateThumbprint.Of(certificate.RawDataMemory.Span);

    /// <summary>Of the request's own sender: a listed proxy's connection is not its client's, so of one only what it forwards counts.</summary>
    public static ClientCertificate? Of(HttpContext context)
    {
        if (Forwarded(context) is { } forwarded)
        {
            return forwarded;
        }

        if (RequestFacts.Of(context).IsFromProxy || context.Connection.ClientCertificate is not { } own || !CertificateText.IsReadable(own))
        {
            return null;
        }

        return new ClientCertificate(own, SentWith.TryGetValue(own, out var sent) ? sent : []);
    }

    /// <summary>Of the client of a listed proxy, and never of whoever is connected: for doors that are asked about somebody else's request.</summary>
    public static ClientCertificate? Forwarded(HttpContext context) => (ClientCertificate?)context.Features[typeof(ClientCertificate)];

    /// <summary>In the handshake: what was sent with the certificate.</summary>
    internal static void Remember(X509Certificate2 certificate, X509Certificate2Collection sent)
    {
        if (sent.Count is > 0 and <= MostSent)
        {
            // Copies: the handshake's own end with it.
            SentWith.AddOrUpdate(certificate, [.. sent.Select(other => X509CertificateLoader.LoadCertificate(other.RawData))]);
        }
    }

    internal static void Forward(HttpContext context, X509Certificate2 certificate)
    {
        context.Response.RegisterForDispose(certificate);
        context.Features[typeof(ClientCertificate)] = new ClientCertificate(certificate, []);
    }
}
