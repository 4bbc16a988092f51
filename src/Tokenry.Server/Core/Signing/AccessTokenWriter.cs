using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Signing;

/// <summary>What an access token says.</summary>
public sealed record AccessTokenClaims
{
    /// <summary>The one audience: an API resource's identifier.</summary>
    public required string Audience { get; init; }

    public required string Subject { get; init; }

    public required string ClientId { get; init; }

    public required ScopeSet Scope { get; init; }

    /// <summary>Public id of the credential that authenticated the client.</summary>
    public required string CredentialId { get; init; }

    /// <summary>The patterns it is limited to; <c>null</c> = not limited.</summary>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <summary>By id of an API resource, what the tokens could do that it came through by exchange; <c>null</c> = it came through none.</summary>
    public IReadOnlyDictionary<string, ScopeSet>? PassedScopes { get; init; }

    /// <summary>Who acts for the subject; <c>null</c> = it does itself.</summary>
    public TokenActor? Actor { get; init; }

    /// <summary>What it is bound to; <c>null</c> = whoever holds it may use it.</summary>
    public TokenConfirmation? Confirmation { get; init; }

    public required TimeSpan Lifetime { get; init; }

    /// <summary>
    /// Unix ms: its <c>jti</c> is not older (<see cref="TokenIds"/>). What the doors compare it with may lie ahead of our clock: another replica's made the API
    /// (<c>ApiResourceFacts.NamesSince</c>), or a rotation without overlap ended all that was issued before.
    /// </summary>
    public long Since { get; init; }
}

/// <summary>Writes RFC 9068 access tokens.</summary>
public sealed class AccessTokenWriter(SigningKeyRing keys, TokenryOptions options, TimeProvider time)
{
    /// <param name="claims">What it says.</param>
    /// <param name="algorithm">What its API wants it signed with, of <see cref="JwsAlgorithms"/>.</param>
    /// <exception cref="TokenTooLongException">It would be longer than any door reads; nothing was signed.</exception>
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

    /// <summary>The member <c>act</c> (RFC 8693 §4.1), with those who acted before within it.</summary>
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

    private static string Sign(SigningKey key, ReadOnlySpan<byte> payload)
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
                throw new InvalidOperationException("The signing key did not sign.");
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
