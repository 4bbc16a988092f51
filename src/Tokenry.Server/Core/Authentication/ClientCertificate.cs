using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Certificates;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// The TLS client certificate of a request, whose private key the TLS handshake proved: the connection's own, or the one a trusted proxy forwards. A client
/// may present any certificate; the code that uses it must decide whether to trust it.
/// </summary>
public sealed class ClientCertificate(X509Certificate2 certificate, IReadOnlyList<X509Certificate2> sent)
{
    private const int MostSent = 8;

    // The framework does not keep the other certificates of a handshake; a certificate lives here as long as its connection.
    private static readonly ConditionalWeakTable<X509Certificate2, IReadOnlyList<X509Certificate2>> SentWith = [];

    public X509Certificate2 Certificate => certificate;

    /// <summary>Certificates sent with it, which may link it to its authority; none of them is trusted.</summary>
    public IReadOnlyList<X509Certificate2> Sent => sent;

    /// <summary>Its <c>x5t#S256</c>.</summary>
    public string Thumbprint { get; } = CertificateThumbprint.Of(certificate.RawDataMemory.Span);

    /// <summary>
    /// The certificate of the request's own sender. A trusted proxy's connection is not its client's, so only the certificate that the proxy forwards counts.
    /// </summary>
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

    /// <summary>The certificate of a trusted proxy's client, never the one of the connection: for doors that check another client's request.</summary>
    public static ClientCertificate? Forwarded(HttpContext context) => (ClientCertificate?)context.Features[typeof(ClientCertificate)];

    /// <summary>Called in the handshake: keeps the certificates sent with this one.</summary>
    internal static void Remember(X509Certificate2 certificate, X509Certificate2Collection sent)
    {
        if (sent.Count is > 0 and <= MostSent)
        {
            // Copies, because the originals are disposed of with the handshake.
            SentWith.AddOrUpdate(certificate, [.. sent.Select(other => X509CertificateLoader.LoadCertificate(other.RawData))]);
        }
    }

    internal static void Forward(HttpContext context, X509Certificate2 certificate)
    {
        context.Response.RegisterForDispose(certificate);
        context.Features[typeof(ClientCertificate)] = new ClientCertificate(certificate, []);
    }
}
