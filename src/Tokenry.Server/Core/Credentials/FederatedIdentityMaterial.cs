using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>The rule that trusts another issuer: as a request sends it, as it is stored, and as it verifies.</summary>
public static class FederatedIdentityMaterial
{
    private const int LongestAddress = 500;
    private const int LongestKeys = 64 * 1024;
    private const int MostUnusedShown = 20;
    private const int MostClaims = 20;
    private const int LongestMask = 100;

    /// <summary>The first two segments of a subject name its origin: <c>repo:acme</c>, <c>system:serviceaccount</c>.</summary>
    private const int LiteralSegmentsOfSubject = 2;

    private const int LiteralSegmentsOfClaim = 1;

    /// <summary>These claims have members of their own.</summary>
    private static readonly string[] NotAmongClaims = ["iss", "sub", "aud"];

    /// <exception cref="ProblemException">400 with every fault.</exception>
    public static RegisteredMaterial Read(FederatedIdentityRequest request, TokenryOptions options)
    {
        var check = new Validation();
        check.Require(
            IsIssuer(request.Issuer),
            "issuer",
            $"is not an https address of at most {LongestAddress} characters without user, query and fragment"
        );
        // This server's own tokens have their own checks.
        check.Require(request.Issuer != options.Issuer, "issuer", "is this server's own");
        var audience = request.Audience ?? options.Issuer;
        check.Require(audience.Length > 0, "audience", "must not be empty");
        check.Text("audience", audience, LongestAddress);
        CheckPattern(check, "subject", request.Subject, LiteralSegmentsOfSubject);
        CheckClaims(check, request.Claims);
        check.Require(
            (request.Jwks is null) != (request.JwksUri is null),
            "jwks",
            "send the issuer's public keys as jwks (a JWK Set), or jwks_uri to have them fetched, one of them"
        );
        CheckKeysUri(check, request.JwksUri, options);
        var (keys, unused) = request.Jwks is { } jwks ? ReadKeys(check, jwks) : default;
        check.ThrowIfAny();
        var identity = new FederatedIdentity
        {
            Issuer = request.Issuer,
            Audience = audience,
            Subject = request.Subject,
            Claims = request.Claims is { Count: > 0 } ? request.Claims : null,
            Jwks = keys,
            JwksUnused = unused,
            JwksUri = request.JwksUri,
        };
        return new RegisteredMaterial(
            CredentialKind.FederatedIdentity,
            JsonColumn.Write(identity),
            Validation.Cut(request.Subject, LongestMask),
            KeyId: null
        );
    }

    /// <summary>The rule in a stored material.</summary>
    internal static FederatedRule Open(string credentialId, string material)
    {
        var identity = JsonColumn.Read<FederatedIdentity>(material);
        JsonWebKeySet? keys = null;
        if (
            !ClaimPattern.TryParse(identity.Subject, LiteralSegmentsOfSubject, out var subject)
            || !TryReadClaims(identity.Claims, out var claims)
            || (identity.Jwks is { } jwks && !JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(jwks.GetRawText()), out keys))
        )
        {
            throw new InvalidDataException($"Credential {credentialId} has a trust that is none.");
        }

        return new FederatedRule(
            new FederatedTrust(identity.Issuer, identity.Audience, subject, claims),
            keys,
            identity.JwksUri is null ? null : new Uri(identity.JwksUri)
        );
    }

    /// <summary>Describes an unusable key of a set to its publisher.</summary>
    internal static string Describe(UnusedJsonWebKey key) =>
        $"keys[{key.Position}] ({Validation.Shown(key.KeyId ?? "no kid")}) {key.Reason}";

    private static bool IsIssuer(string? text) =>
        text is { Length: <= LongestAddress }
        && Validation.IsClean(text)
        && Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri.Scheme == Uri.UriSchemeHttps
        && uri.UserInfo.Length == 0
        && text.AsSpan().IndexOfAny('?', '#', ' ') < 0;

    private static void CheckKeysUri(Validation check, string? text, TokenryOptions options)
    {
        if (text is null)
        {
            return;
        }

        check.Require(
            options.Egress.Enabled,
            "jwks_uri",
            "this server fetches nothing (Tokenry:Egress:Enabled is off): send the keys themselves as jwks"
        );
        check.Require(
            text.Length <= LongestAddress && Uri.TryCreate(text, UriKind.Absolute, out var uri) && Egress.IsAddress(uri, options),
            "jwks_uri",
            $"is not an https address of at most {LongestAddress} characters without user and fragment"
        );
    }

    private static void CheckPattern(Validation check, string member, string? pattern, int literalSegments)
    {
        check.Require(
            pattern is not null && Validation.IsClean(pattern) && ClaimPattern.TryParse(pattern, literalSegments, out _),
            member,
            $"'{Validation.Shown(pattern)}' is not 1 to {ClaimPattern.MaxLength} characters in which each * is a whole segment between : and /, or the end of "
                + $"the last, and {(literalSegments == 1 ? "not the first" : "none of the first two")}"
        );
    }

    private static void CheckClaims(Validation check, IReadOnlyDictionary<string, string>? claims)
    {
        check.Require(claims is null || claims.Count <= MostClaims, "claims", $"more than {MostClaims}");
        foreach (var (path, pattern) in claims?.Take(MostClaims) ?? [])
        {
            check.Require(
                Validation.IsClean(path) && ClaimPath.TryParse(path, out _),
                "claims",
                $"'{Validation.Shown(path)}' is neither a claim's name nor a JSON Pointer such as /kubernetes.io/namespace"
            );
            check.Require(!NotAmongClaims.Contains(path.TrimStart('/')), "claims", "issuer, subject and audience stand beside the claims");
            CheckPattern(check, "claims", pattern, LiteralSegmentsOfClaim);
        }
    }

    private static bool TryReadClaims(IReadOnlyDictionary<string, string>? claims, out IReadOnlyList<ClaimCondition> conditions)
    {
        var read = new List<ClaimCondition>();
        conditions = read;
        foreach (var (path, pattern) in claims ?? new Dictionary<string, string>())
        {
            if (!ClaimPath.TryParse(path, out var where) || !ClaimPattern.TryParse(pattern, LiteralSegmentsOfClaim, out var what))
            {
                return false;
            }

            read.Add(new ClaimCondition(where, what));
        }

        return true;
    }

    /// <summary>The part of a set that is stored: the public members of the usable keys.</summary>
    private static (JsonElement? Keys, IReadOnlyList<string>? Unused) ReadKeys(Validation check, JsonElement jwks)
    {
        var text = Encoding.UTF8.GetBytes(jwks.GetRawText());
        check.Require(text.Length <= LongestKeys, "jwks", $"is larger than {LongestKeys} bytes");
        if (text.Length > LongestKeys)
        {
            return default;
        }

        if (!JsonWebKeySet.TryParse(text, out var set))
        {
            check.Require(
                false,
                "jwks",
                "is not a JWK Set of public keys: an object with the array keys. A set with a private or symmetric key in it is refused whole: the key has left "
                    + "its owner"
            );
            return default;
        }

        using (set)
        {
            string[] unused = [.. set.Unused.Take(MostUnusedShown).Select(Describe)];
            check.Require(
                set.Keys.Count > 0,
                "jwks",
                "holds no key that is taken: one with a kid, for signatures, P-256 (ES256), P-384 (ES384) or RSA of 2048 to 8192 bits (RS256, PS256)"
                    + string.Concat(unused.Take(1).Select(first => $". {first}"))
            );
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                writer.WriteStartObject();
                writer.WriteStartArray("keys");
                foreach (var key in set.Keys.OrderBy(key => key.KeyId, StringComparer.Ordinal))
                {
                    key.WritePublic(writer);
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            using var written = JsonDocument.Parse(buffer.ToArray());
            return (written.RootElement.Clone(), unused.Length > 0 ? unused : null);
        }
    }
}
