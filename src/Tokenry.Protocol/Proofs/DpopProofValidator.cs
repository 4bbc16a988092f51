using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Proofs;

/// <summary>
/// Validates DPoP proofs (RFC 9449 §4.3), except its first and last step. The caller checks that the request has exactly one <c>DPoP</c> header. A store checks
/// earlier use (<see cref="DpopProof.ReplayKey"/>). Thread-safe. It caches imported keys, so create one instance and keep it.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class DpopProofValidator(TimeProvider time)
{
    /// <summary>The longest accepted proof, in characters.</summary>
    public const int MaxLength = 4096;

    /// <summary>The longest accepted <c>jti</c>, in characters.</summary>
    public const int MaxTokenIdLength = 256;

    /// <summary>How long a proof is valid after its <c>iat</c>, without the clock difference.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(60);

    /// <summary>The allowed difference of the client's clock, in either direction.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The algorithms in <c>DPoP algs="…"</c> and in metadata. ES384 is accepted only from registered keys, because its verification costs ten times as much.
    /// </summary>
    public static readonly IReadOnlyList<string> Algorithms = [JwsAlgorithms.Es256, JwsAlgorithms.Ps256, JwsAlgorithms.Rs256];

    private readonly BroughtKeys keys = new();

    /// <summary>
    /// Validates a proof. Total: any text gives a result. It checks the header before it imports the key, and the signature before it reads a byte of the
    /// payload.
    /// </summary>
    /// <param name="proof">The value of the <c>DPoP</c> header.</param>
    /// <param name="request">The request for which the proof must have been made.</param>
    public DpopResult Validate(ReadOnlySpan<char> proof, DpopRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (
            !CompactJws.TryParse(proof, stackalloc byte[MaxLength], bringsKey: true, out var jws)
            || !Algorithms.Contains(jws.Header.Algorithm)
        )
        {
            return DpopResult.Invalid(DpopFault.Malformed);
        }

        // Media types ignore case, and application/ may be omitted (RFC 7515 §4.1.9).
        if (
            !string.Equals(jws.Header.Type, "dpop+jwt", StringComparison.OrdinalIgnoreCase)
            && !string.Equals(jws.Header.Type, "application/dpop+jwt", StringComparison.OrdinalIgnoreCase)
        )
        {
            return DpopResult.Invalid(DpopFault.WrongType);
        }

        if (FindSigner(proof[..proof.IndexOf('.')], jws, out var fault) is not { } signer)
        {
            return DpopResult.Invalid(fault);
        }

        if (!StrictJson.TryParseObject(jws.Payload, out var document))
        {
            return DpopResult.Invalid(DpopFault.InvalidClaims);
        }

        using (document)
        {
            return Judge(document.RootElement, signer.Thumbprint, request);
        }
    }

    /// <summary>
    /// The form in which URLs are compared (RFC 3986 §6.2.2 and §6.2.3): scheme and host in lower case, no default port, no dot segments, escapes in upper
    /// case, no query and no fragment (RFC 9449 §4.3). False for schemes other than http and https, and for URLs with user information.
    /// </summary>
    internal static bool TryNormalize(Uri uri, [NotNullWhen(true)] out string? normal)
    {
        var isWeb =
            uri is { IsAbsoluteUri: true, UserInfo.Length: 0 } && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp);
        normal = isWeb
            ? WithUpperEscapes(uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped))
            : null;
        return isWeb;
    }

    // %2f and %2F are the same escape (RFC 3986 §6.2.2.1); neither is a slash.
    private static string WithUpperEscapes(string address) =>
        !address.Contains('%', StringComparison.Ordinal)
            ? address
            : string.Create(
                address.Length,
                address,
                static (upper, address) =>
                {
                    for (var i = 0; i < address.Length; i++)
                    {
                        var isOfEscape = (i >= 1 && address[i - 1] == '%') || (i >= 2 && address[i - 2] == '%');
                        upper[i] = isOfEscape ? char.ToUpperInvariant(address[i]) : address[i];
                    }
                }
            );

    /// <summary>The key in the header, if it is accepted and has signed the proof.</summary>
    private BroughtKey? FindSigner(ReadOnlySpan<char> header, CompactJws jws, out DpopFault fault)
    {
        fault = DpopFault.BadSignature;
        if (keys.Find(header) is { } known)
        {
            return jws.IsSignedBy(known.Key) ? known : null;
        }

        if (!JsonWebKeyImport.TryImport(jws.Header.Key!.Value, "dpop", jws.Header.Algorithm, out var key))
        {
            fault = DpopFault.InvalidKey;
            return null;
        }

        if (!jws.IsSignedBy(key))
        {
            key.Dispose();
            return null;
        }

        var brought = new BroughtKey(key, key.Thumbprint());
        keys.Keep(header, brought);
        return brought;
    }

    private DpopResult Judge(JsonElement claims, string thumbprint, DpopRequest request)
    {
        if (
            !JsonMember.TryGetText(claims, "jti", out var tokenId)
            || tokenId.Length > MaxTokenIdLength
            || !JsonMember.TryGetText(claims, "htm", out var method)
            || !JsonMember.TryGetText(claims, "htu", out var address)
            || !JsonMember.TryGetTime(claims, "iat", out var issuedAt)
            || !JsonMember.TryGetOptionalTime(claims, "exp", out var expiresAt)
            || !JsonMember.TryGetOptionalTime(claims, "nbf", out var notBefore)
            || !JsonMember.TryGetOptionalText(claims, "ath", out var hash)
            || !JsonMember.TryGetOptionalText(claims, "nonce", out var nonce)
        )
        {
            return DpopResult.Invalid(DpopFault.InvalidClaims);
        }

        var now = time.GetUtcNow();
        var oldest = now - Life - ClockSkew;
        var latest = now + ClockSkew;
        var isAddress = TryNormalize(address, out var uri);
        var fault =
            method != request.Method ? DpopFault.WrongMethod
            : !isAddress || !TryNormalize(request.Uri, out var expected) || uri != expected ? DpopFault.WrongUri
            : issuedAt < oldest || expiresAt <= now - ClockSkew ? DpopFault.Expired
            : issuedAt > latest || notBefore > latest ? DpopFault.NotYetValid
            : request.AccessToken is { } token && hash != HashOf(token) ? DpopFault.WrongAccessToken
            : request.BoundTo is { } bound && bound != thumbprint ? DpopFault.WrongKey
            : request.TakesNonce is { } takes && !takes(nonce) ? DpopFault.NonceNeeded
            : DpopFault.None;
        return fault == DpopFault.None
            // The age check still passes at exactly this instant, so one second is added.
            ? DpopResult.Valid(
                new DpopProof(thumbprint, tokenId, uri!, issuedAt + Life + ClockSkew + TimeSpan.FromSeconds(1)) { AccessTokenHash = hash }
            )
            : DpopResult.Invalid(fault);
    }

    private static bool TryNormalize(string address, [NotNullWhen(true)] out string? normal)
    {
        normal = null;
        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && TryNormalize(uri, out normal);
    }

    // RFC 9449 §4.2: the hash of the token's ASCII characters.
    internal static string HashOf(string accessToken) => StrictBase64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)));
}
