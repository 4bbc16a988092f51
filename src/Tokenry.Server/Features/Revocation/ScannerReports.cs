using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.Revocation;

/// <summary>
/// A secret scanner's batch of found strings, in the form of GitHub's secret scanning partners: a JSON array, signed over its bytes with
/// ECDSA P-256 and SHA-256 by a key that the configuration lists. No list, no such route.
/// </summary>
public sealed class ScannerReports(ReportLeak report, Brands brands, TokenryOptions options)
{
    public const string KeyHeader = "Github-Public-Key-Identifier";
    public const string SignatureHeader = "Github-Public-Key-Signature";

    private const int MostFound = 1000;
    private const int LongestPlace = 150;

    /// <summary>Anybody can send a body: it is not read where no key could have signed it, and not parsed before one did.</summary>
    public async Task<IReadOnlyList<FoundSecretLabel>> RunAsync(HttpContext context)
    {
        var key = FindKey(context.Request.Headers);
        var body = await Body<FoundSecret[]>.ReadAsync(context, require: signed => RequireSignature(context.Request.Headers, key, signed));
        var found = body.Value;
        if (found.Length > MostFound || found.Contains(null!))
        {
            throw new ProblemException(400, ProblemCode.InvalidRequest, $"Send up to {MostFound} findings, each an object with a token.");
        }

        var labels = new List<FoundSecretLabel>(found.Length);
        foreach (var secret in found)
        {
            var isOurs =
                await report.RunAsync(RequestFacts.Of(context), secret.Token, Place(secret), options.RevokesReportedLeaks)
                != LeakOutcome.Foreign;
            var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(secret.Token)));
            labels.Add(new(hash, secret.Type, isOurs ? "true_positive" : "false_positive"));
        }

        return labels;
    }

    /// <summary>The key that the request names.</summary>
    /// <exception cref="ProblemException">404 where no key is configured, 401 where this one is not.</exception>
    private byte[] FindKey(IHeaderDictionary headers) =>
        options.ScannerKeys.Count == 0 ? throw ProblemException.NotFound()
        : options.ScannerKeys.TryGetValue(headers[KeyHeader].ToString(), out var key) ? key
        : throw Unsigned();

    private static void RequireSignature(IHeaderDictionary headers, byte[] key, byte[] signed)
    {
        if (!TryDecode(headers[SignatureHeader].ToString(), out var signature) || !Verify(key, signed, signature))
        {
            throw Unsigned();
        }
    }

    private static ProblemException Unsigned() =>
        new(401, ProblemCode.InvalidToken, "The signature is missing, or not by a listed key over these bytes.")
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

    /// <summary>Where it was found: one line, without the string itself.</summary>
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
