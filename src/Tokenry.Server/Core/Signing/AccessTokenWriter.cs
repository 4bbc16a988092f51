using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Signing;

/// <summary>The claims of an access token.</summary>
public sealed record AccessTokenClaims
{
    /// <summary>The only audience: the identifier of an API resource.</summary>
    public required string Audience { get; init; }

    public required string Subject { get; init; }

    public required string ClientId { get; init; }

    public required ScopeSet Scope { get; init; }

    /// <summary>Public id of the credential that authenticated the client.</summary>
    public required string CredentialId { get; init; }

    /// <summary>The organization in which the subject acts; <c>null</c> = in none.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>The object patterns that limit the token; <c>null</c> = no limit.</summary>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <summary>By API resource id: the scopes of the tokens that this token was exchanged from. <c>null</c> = it was not exchanged.</summary>
    public IReadOnlyDictionary<string, ScopeSet>? PassedScopes { get; init; }

    /// <summary>The actor for the subject; <c>null</c> = the subject itself.</summary>
    public TokenActor? Actor { get; init; }

    /// <summary>The key or certificate that the token is bound to; <c>null</c> = any holder may use it.</summary>
    public TokenConfirmation? Confirmation { get; init; }

    public required TimeSpan Lifetime { get; init; }

    /// <summary>
    /// The earliest time of the <c>jti</c>, in Unix ms (<see cref="TokenIds"/>). It may be ahead of our clock, because doors compare the id
    /// with times of other replicas: the creation of the API (<c>ApiResourceFacts.NamesSince</c>), or a rotation without overlap that
    /// ended earlier tokens.
    /// </summary>
    public long Since { get; init; }
}

/// <summary>Writes RFC 9068 access tokens.</summary>
public sealed class AccessTokenWriter(SigningKeyRing keys, TokenryOptions options, TimeProvider time)
{
    /// <param name="claims">The claims.</param>
    /// <param name="algorithm">The signing algorithm of its API, one of <see cref="JwsAlgorithms"/>.</param>
    /// <exception cref="TokenTooLongException">The token would be longer than doors accept; nothing was signed.</exception>
    public (string Token, string TokenId) Write(AccessTokenClaims claims, string algorithm)
    {
        var now = time.GetUtcNow();
        var issuedAt = now.ToUnixTimeSeconds();
        var tokenId = TokenIds.New(now, claims.Since);
        using var payload = JsonBuffer.Borrow();
        var json = payload.Writer;
        json.WriteStartObject();
        json.WriteString("iss"u8, options.Issuer);
        json.WriteString("sub"u8, claims.Subject);
        json.WriteString("aud"u8, claims.Audience);
        json.WriteString("client_id"u8, claims.ClientId);
        json.WriteNumber("iat"u8, issuedAt);
        json.WriteNumber("exp"u8, issuedAt + (long)claims.Lifetime.TotalSeconds);
        json.WriteString("jti"u8, tokenId);
        json.WriteString("scope"u8, claims.Scope.ToString());
        json.WriteString("credential_id"u8, claims.CredentialId);
        if (claims.OrganizationId is { } organization)
        {
            json.WriteString("organization_id"u8, organization);
        }

        if (claims.Objects is { } objects)
        {
            json.WriteStartArray("objects"u8);
            foreach (var text in objects)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        }

        if (claims.PassedScopes is { } passed)
        {
            json.WriteStartObject("passed_scopes"u8);
            foreach (var (api, scopes) in passed)
            {
                json.WriteString(api, scopes.ToString());
            }

            json.WriteEndObject();
        }

        if (claims.Actor is { } actor)
        {
            WriteActor(json, actor);
        }

        if (claims.Confirmation is { } confirmation)
        {
            WriteConfirmation(json, confirmation);
        }

        json.WriteEndObject();

        return (Sign(keys.Active(algorithm), payload.Written), tokenId);
    }

    /// <summary>The member <c>cnf</c> (RFC 7800).</summary>
    public static void WriteConfirmation(Utf8JsonWriter json, TokenConfirmation confirmation)
    {
        json.WriteStartObject("cnf"u8);
        if (confirmation.KeyThumbprint is { } key)
        {
            json.WriteString("jkt"u8, key);
        }

        if (confirmation.CertificateThumbprint is { } certificate)
        {
            json.WriteString("x5t#S256"u8, certificate);
        }

        json.WriteEndObject();
    }

    /// <summary>The member <c>act</c> (RFC 8693 §4.1), with the earlier actors nested in it.</summary>
    public static void WriteActor(Utf8JsonWriter json, TokenActor actor)
    {
        json.WriteStartObject("act"u8);
        json.WriteString("sub"u8, actor.Subject);
        if (actor.Earlier is { } earlier)
        {
            WriteActor(json, earlier);
        }

        json.WriteEndObject();
    }

    private static string Sign(JwsSigningKey key, ReadOnlySpan<byte> payload)
    {
        var header = key.EncodedHeader;
        var payloadLength = Base64Url.GetEncodedLength(payload.Length);
        var signatureLength = Base64Url.GetEncodedLength(key.SignatureBytes);
        var total = header.Length + payloadLength + 1 + signatureLength;
        if (total > CompactJws.MaxLength)
        {
            throw new TokenTooLongException();
        }

        var buffer = ArrayPool<byte>.Shared.Rent(total);
        try
        {
            header.CopyTo(buffer, 0);
            Base64Url.EncodeToUtf8(payload, buffer.AsSpan(header.Length));
            var signed = header.Length + payloadLength;
            Span<byte> signature = stackalloc byte[key.SignatureBytes]; // at most 1 KiB, see RsaPolicy
            if (!key.TrySign(buffer.AsSpan(0, signed), signature))
            {
                throw new InvalidOperationException("The signing key returned no signature.");
            }

            buffer[signed] = (byte)'.';
            Base64Url.EncodeToUtf8(signature, buffer.AsSpan(signed + 1));
            return Encoding.ASCII.GetString(buffer, 0, total);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
