using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Authentication;

/// <summary>API keys, personal access tokens and client secrets: parse, look up by id, compare the HMAC, then state, owner and time.</summary>
public sealed class OpaqueCredentialScheme(
    CredentialCache credentials,
    PrincipalCache principals,
    KeyRing keys,
    Brands brands,
    PepperRenewal renewal,
    TimeProvider time
)
{
    private const int LongestId = 32;

    public ValueTask<AuthenticationResult> AuthenticateAsync(string presented)
    {
        if (!CredentialString.TryParse(presented, out var parsed) || !brands.Contains(parsed.Brand) || !IsKnown(parsed.Kind))
        {
            return new(AuthenticationFailure.Of(VerificationCode.Malformed));
        }

        Span<char> id = stackalloc char[LongestId];
        parsed.Kind.CopyTo(id);
        id[parsed.Kind.Length] = '_';
        parsed.Id.CopyTo(id[(parsed.Kind.Length + 1)..]);
        var loading = credentials.GetAsync(id[..(parsed.Kind.Length + 1 + parsed.Id.Length)]);
        return loading.IsCompletedSuccessfully ? CheckAsync(presented, loading.Result) : SlowAsync(presented, loading);
    }

    private async ValueTask<AuthenticationResult> SlowAsync(string presented, ValueTask<CredentialFacts?> loading) =>
        await CheckAsync(presented, await loading);

    private ValueTask<AuthenticationResult> CheckAsync(string presented, CredentialFacts? credential)
    {
        var now = time.GetUtcNow();
        if (Match(presented, credential, now.ToUnixTimeMilliseconds()) is not { } secret)
        {
            return new(AuthenticationFailure.Of(VerificationCode.Unknown));
        }

        var loading = principals.GetAsync(credential!.OwnerId, credential.OrganizationId);
        return loading.IsCompletedSuccessfully
            ? new(AuthenticatedCredential.Judge(credential, loading.Result, now, new CredentialProof { Secret = secret }))
            : JudgeAsync(credential, loading, now, secret);
    }

    private static async ValueTask<AuthenticationResult> JudgeAsync(
        CredentialFacts credential,
        ValueTask<PrincipalFacts?> loading,
        DateTimeOffset now,
        SecretFacts secret
    ) => AuthenticatedCredential.Judge(credential, await loading, now, new CredentialProof { Secret = secret });

    /// <summary>
    /// The secret that matches the string, live or superseded. An unknown id costs the same HMAC as a wrong secret, so that timing does not distinguish the
    /// two.
    /// </summary>
    private SecretFacts? Match(string presented, CredentialFacts? credential, long now)
    {
        Span<byte> sha256 = stackalloc byte[SecretDigest.Length];
        Span<byte> digest = stackalloc byte[SecretDigest.Length];
        SecretDigest.Sha256(presented, sha256);
        if (credential is null || credential.Secrets.Count == 0)
        {
            SecretDigest.Pepper(sha256, keys.Pepper(keys.PepperVersion), digest);
            return null;
        }

        var computed = 0;
        var isUnknowable = false;
        foreach (var secret in credential.Secrets)
        {
            if (!secret.IsProven(sha256))
            {
                if (computed != secret.PepperVersion)
                {
                    if (keys.Pepper(secret.PepperVersion) is not { } pepper)
                    {
                        isUnknowable = true;
                        continue;
                    }

                    SecretDigest.Pepper(sha256, pepper, digest);
                    computed = secret.PepperVersion;
                }

                if (!SecretDigest.Equals(digest, secret.Hash))
                {
                    continue;
                }

                secret.Remember(sha256);
            }

            if (secret.PepperVersion != keys.PepperVersion && !(secret.ExpiresAt <= now))
            {
                renewal.Renew(credential.Id, secret, sha256);
            }

            return secret;
        }

        return isUnknowable
            ? throw new StoreUnavailableException(
                $"A secret of {credential.Id} is under a pepper that the key file does not hold yet: copy the file."
            )
            : null;
    }

    private static bool IsKnown(ReadOnlySpan<char> tag) =>
        tag is CredentialKinds.ApiKey or CredentialKinds.PersonalAccessToken or CredentialKinds.ClientSecret;
}
