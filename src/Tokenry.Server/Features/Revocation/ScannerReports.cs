using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.Revocation;

/// <summary>
/// A secret scanner's batch of found strings, in the format of GitHub's secret scanning partner program: a JSON array, signed over its bytes
/// with ECDSA P-256 and SHA-256. The configuration lists the keys; without a key, the route does not exist.
/// </summary>
public sealed class ScannerReports(ReportLeak report, Brands brands, TokenryOptions options)
{
    public const string KeyHeader = "Github-Public-Key-Identifier";
    public const string SignatureHeader = "Github-Public-Key-Signature";

    private const int MostFound = 1000;
    private const int LongestPlace = 150;

    /// <summary>
    /// Anyone can send a body. The server reads it only if the request names a listed key, and parses it only after the signature is
    /// verified.
    /// </summary>
    public async Task<IReadOnlyList<FoundSecretLabel>> RunAsync(HttpContext context)
    {
        var key = FindKey(context.Request.Headers);
        var body = await Body<FoundSecret[]>.ReadAsync(context, require: signed => RequireSignature(context.Request.Headers, key, signed));
        var found = body.Value;
        if (found.Length > MostFound || found.Contains(null!))
        {
            throw new ProblemException(
                400,
                ProblemCode.InvalidRequest,
                $"The body must be an array of at most {MostFound} objects, each with a token."
            );
        }

        var labels = new List<FoundSecretLabel>(found.Length);
        foreach (var secret in found)
        {
            var isOurs =
                await report.RunAsync(RequestFacts.Of(context), secret.Token, Place(secret), options.LeakReports.Revokes)
                != LeakOutcome.Foreign;
            var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(secret.Token)));
            labels.Add(new(hash, secret.Type, isOurs ? "true_positive" : "false_positive"));
        }

        return labels;
    }

    /// <summary>The key that the request names.</summary>
    /// <exception cref="ProblemException">404 if no key is configured; 401 if this key is not listed.</exception>
    private byte[] FindKey(IHeaderDictionary headers) =>
        options.LeakReports.ScannerKeys.Count == 0 ? throw ProblemException.NotFound()
        : options.LeakReports.ScannerKeys.TryGetValue(headers[KeyHeader].ToString(), out var key) ? key
        : throw Unsigned();

    private static void RequireSignature(IHeaderDictionary headers, byte[] key, byte[] signed)
    {
        if (!TryDecode(headers[SignatureHeader].ToString(), out var signature) || !Verify(key, signed, signature))
        {
            throw Unsigned();
        }
    }

    private static ProblemException Unsigned() =>
        new(
            401,
            ProblemCode.InvalidToken,
            "The signature is missing, or a listed key does not verify it. Sign the exact bytes of the body and name the key."
        )
        {
            Challenge = Challenge.Signature,
        };

    private static bool Verify(byte[] spki, byte[] signed, byte[] signature)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(spki, out _);
        return key.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        var isBase64 = Convert.TryFromBase64String(text, bytes, out var written);
        bytes = bytes[..written];
        return isBase64 && written > 0;
    }

    /// <summary>The place of the find, on one line and without the secret.</summary>
    private string? Place(FoundSecret secret)
    {
        if (secret.Url is not { Length: > 0 } url || !Validation.IsClean(url))
        {
            return null;
        }

        var place = brands.Redact(secret.Token.Length == 0 ? url : url.Replace(secret.Token, "***", StringComparison.Ordinal));
        return Validation.Cut(place, LongestPlace);
    }
}
