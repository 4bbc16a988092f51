using System.Security.Cryptography;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Credentials;

/// <summary>A new secret, in clear this one time and as stored.</summary>
public sealed record MintedSecret(string Id, Secret Secret, string Masked, byte[] Hash, int PepperVersion);

/// <summary>Makes secrets: 256 bits from the CSPRNG, kept as HMAC under the newest pepper.</summary>
public sealed class SecretMint(KeyRing keys, TokenryOptions options, TimeProvider time)
{
    /// <summary>The tag in the credential string, which is also the prefix of the public id.</summary>
    public static string Tag(string kind) =>
        kind switch
        {
            CredentialKind.ApiKey or CredentialKind.AnonymousApiKey => CredentialKinds.ApiKey,
            CredentialKind.PersonalAccessToken => CredentialKinds.PersonalAccessToken,
            CredentialKind.ClientSecret => CredentialKinds.ClientSecret,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not an opaque kind."),
        };

    /// <summary>A secret for a new credential, with its id.</summary>
    public MintedSecret New(string kind) => Make(Tag(kind), PublicId.NewUuid7(time.GetUtcNow()));

    /// <summary>Another secret for an existing credential.</summary>
    public MintedSecret Another(string credentialId)
    {
        var tag = credentialId[..credentialId.IndexOf('_', StringComparison.Ordinal)];
        return PublicId.TryDecode(credentialId.AsSpan(tag.Length + 1), out var id)
            ? Make(tag, id)
            : throw new ArgumentException("Not a credential's public id.", nameof(credentialId));
    }

    /// <summary>The key that signs requests beside a secret of this server; each of a credential's secrets has its own.</summary>
    public Secret SigningKey(MintedSecret secret, long version) =>
        RequestSigningKeys.Derive(keys, secret.Id, version, secret.PepperVersion)!.ToSecret();

    private MintedSecret Make(string tag, UInt128 id)
    {
        Span<byte> random = stackalloc byte[32];
        RandomNumberGenerator.Fill(random);
        var secret = CredentialString.Create(options.Brands.Current, tag, id, random);
        CryptographicOperations.ZeroMemory(random);
        var version = keys.PepperVersion;
        var hash = new byte[SecretDigest.Length];
        var text = secret.Reveal();
        SecretDigest.Compute(text, keys.Pepper(version), hash);
        return new MintedSecret(
            PublicId.Create(tag, id),
            secret,
            $"{options.Brands.Current}_{tag}_…{text.AsSpan(text.Length - 4)}",
            hash,
            version
        );
    }
}
