using System.Buffers;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// Reads what accompanies a credential to prove more than holding it. It reads from a request to Tokenry's own API, from one that a proxy asks about, and
/// from a resource server's description. The addresses come from configuration because clients can forge <c>Host</c>.
/// </summary>
public sealed class ProofReader(MessageSignatures signatures, TokenryOptions options)
{
    /// <summary>The signature of a request to Tokenry's own API; <c>null</c> = none. This reads the body and keeps it readable for the route.</summary>
    /// <exception cref="BadHttpRequestException">The body is larger than any route accepts, or cannot be read.</exception>
    public async ValueTask<SignedRequest?> OwnSignatureAsync(HttpContext context)
    {
        if (!context.Request.Headers.ContainsKey(MessageSignatures.InputHeader))
        {
            return null;
        }

        var address = PublicAddress.Of(context, options);
        var body = await BodyAsync(context.Request);
        var fields = Fields(context.Request.Headers);
        var target = PublicAddress.Target(context, options);
        return signatures.Read(
            new HttpMessage(RequestFacts.Of(context).Method, address.Scheme, address.Authority, target, fields, body),
            fields,
            hasUnseenBody: false
        );
    }

    /// <summary>The proof in a request to Tokenry's own API.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isDpop">Whether the credential came under the scheme <c>DPoP</c>.</param>
    /// <param name="signed">From <see cref="OwnSignatureAsync"/>.</param>
    public PresentedProof Own(HttpContext context, bool isDpop, SignedRequest? signed) =>
        new()
        {
            Method = RequestFacts.Of(context).Method,
            Uri = PublicAddress.Of(context, options),
            IsDpop = isDpop,
            Dpop = PresentedProof.DpopHeader(context.Request.Headers),
            CertificateThumbprint = ClientCertificate.Of(context)?.Thumbprint,
            Signed = signed,
        };

    /// <summary>The proof in a request that a proxy asks about; <c>null</c> = none.</summary>
    /// <param name="context">The request of the proxy.</param>
    /// <param name="forwarded">The proxy's description of its client's request.</param>
    /// <param name="isDpop">Whether the credential came under the scheme <c>DPoP</c>.</param>
    /// <param name="origin">Scheme and host at which clients reach the API, from configuration; <c>null</c> = not known.</param>
    public PresentedProof? Forwarded(HttpContext context, in ForwardedRequest forwarded, bool isDpop, Uri? origin)
    {
        var headers = context.Request.Headers;
        var certificate = ClientCertificate.Forwarded(context);
        var isSigned = headers.ContainsKey(MessageSignatures.InputHeader);
        if (!isDpop && !headers.ContainsKey("DPoP") && certificate is null && !isSigned)
        {
            return null;
        }

        return new PresentedProof
        {
            Method = forwarded.Method ?? "",
            Uri =
                origin is not null
                && forwarded.Path is { } path
                && Uri.TryCreate(origin, path, out var uri)
                && uri.Authority == origin.Authority
                    ? uri
                    : null,
            IsDpop = isDpop,
            Dpop = PresentedProof.DpopHeader(headers),
            CertificateThumbprint = certificate?.Thumbprint,
            Signed = isSigned ? SignatureBehindDoor(forwarded.Method, origin, forwarded.Target, Fields(headers)) : null,
        };
    }

    /// <summary>The proof that a resource server reports from a request it received.</summary>
    /// <param name="method">The method of the request; <c>null</c> = not reported.</param>
    /// <param name="address">Its address, and the same as the resource server wrote it; <c>null</c> = not reported.</param>
    /// <param name="dpop">Its <c>DPoP</c> header.</param>
    /// <param name="certificateThumbprint"><c>x5t#S256</c> of its TLS client certificate.</param>
    /// <param name="headers">Its fields by their names in lower case, if it may be signed.</param>
    public PresentedProof Told(
        string? method,
        (Uri Uri, string AsSent)? address,
        string? dpop,
        string? certificateThumbprint,
        IReadOnlyDictionary<string, IReadOnlyList<string>>? headers
    ) =>
        new()
        {
            Method = method ?? "",
            Uri = address?.Uri,
            IsDpop = dpop is not null,
            Dpop = dpop,
            CertificateThumbprint = certificateThumbprint,
            Signed = headers is null
                ? null
                : SignatureBehindDoor(
                    method,
                    address?.Uri,
                    address is { AsSent: var asSent } ? RequestTarget.OriginForm(asSent) : null,
                    Fields(headers)
                ),
        };

    /// <summary>The signature of a request whose body this server does not see. If method, origin or target is not known, no signature is valid.</summary>
    private SignedRequest? SignatureBehindDoor(string? method, Uri? origin, string? target, Func<string, IReadOnlyList<string?>> fields)
    {
        var message = new HttpMessage(method ?? "", origin?.Scheme ?? "", origin?.Authority ?? "", target ?? "", fields, body: null);
        var isKnown = method is not null && origin is not null && target is not null;
        var signed = signatures.Read(message, fields, hasUnseenBody: HttpMessage.UsuallyHasContent(method ?? "") || SaysBody(fields));
        return isKnown || signed is null ? signed : new SignedRequest(message, signature: null);
    }

    private static Func<string, IReadOnlyList<string?>> Fields(IHeaderDictionary headers) => name => headers[name];

    private static Func<string, IReadOnlyList<string?>> Fields(IReadOnlyDictionary<string, IReadOnlyList<string>> headers) =>
        name => headers.GetValueOrDefault(name, []);

    /// <summary>Whether the headers declare a body. A proxy may leave these headers out.</summary>
    private static bool SaysBody(Func<string, IReadOnlyList<string?>> fields) =>
        fields("transfer-encoding").Count > 0 || fields("content-length").Any(length => length is not (null or "" or "0"));

    private static async ValueTask<byte[]> BodyAsync(HttpRequest request)
    {
        var reader = request.BodyReader;
        var received = 0L;
        while (true)
        {
            var result = await request.ReadBodyAsync(received);
            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.Start);
                return bytes;
            }

            received = result.Buffer.Length;
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
