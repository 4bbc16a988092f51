using System.Text.Json;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Doors;

namespace Tokenry.Server.Features.Verification;

/// <summary>
/// Writes the members of a <see cref="VerifyAnswer"/> or a <see cref="VerifyRefusal"/> directly from the verdict: the serializer would cost more than the
/// verification.
/// </summary>
internal static class VerifyAnswerWriter
{
    /// <summary>The full answer, for a caller that may see every API and owner; a resource server may not.</summary>
    public static void WriteExplained(
        Utf8JsonWriter json,
        Catalog catalog,
        in Requirement requirement,
        in Verdict verdict,
        DpopNonces nonces
    )
    {
        Write(json, catalog, requirement, verdict, nonces);
        if (verdict.Code == VerificationCode.WrongApi)
        {
            json.WriteString("reason"u8, ReasonOf(catalog, verdict.Credential as Authenticated, requirement));
        }
    }

    public static void Write(Utf8JsonWriter json, Catalog catalog, in Requirement requirement, in Verdict verdict, DpopNonces nonces)
    {
        json.WriteBoolean("valid"u8, verdict.IsValid);
        json.WriteString("code"u8, verdict.Code);
        if (verdict is { IsValid: true, Credential: Authenticated credential })
        {
            WriteAnswer(json, catalog, requirement, verdict, credential);
        }
        else
        {
            WriteRefusal(json, requirement, verdict, nonces);
        }
    }

    private static string ReasonOf(Catalog catalog, Authenticated? credential, in Requirement requirement) =>
        requirement.Api is not { } api || credential is null ? WrongApiReason.NoSuchApi
        : credential.Token is { } token && !token.Audience.Contains(api.Identifier) ? WrongApiReason.OtherAudience
        : !Rights.Of(catalog, credential.Owner, api, AboutObjects.Any()).IsEmpty ? WrongApiReason.NotPermitted
        : credential.NamedAt(api) is { IsEmpty: false } ? WrongApiReason.RoleRemoved
        : WrongApiReason.NoRole;

    private static void WriteAnswer(
        Utf8JsonWriter json,
        Catalog catalog,
        in Requirement requirement,
        in Verdict verdict,
        Authenticated credential
    )
    {
        json.WriteString("kind"u8, credential.Kind);
        json.WriteString("credential_id"u8, credential.CredentialId);
        json.WriteString("subject"u8, credential.Subject);
        json.WriteString("application_id"u8, credential.ApplicationId);
        json.WriteString("organization_id"u8, credential.OrganizationId);
        if (requirement.Api is not null)
        {
            WriteTexts(json, "scopes"u8, verdict.Scopes);
        }
        else
        {
            json.WritePropertyName("permissions"u8);
            JsonSerializer.Serialize(json, Rights.Everywhere(catalog, credential).ToPermissions(), TokenryJson.Strict);
        }

        if (credential.ObjectTexts is { } objects)
        {
            WriteTexts(json, "objects"u8, objects);
        }
        else
        {
            json.WriteNull("objects"u8);
        }

        if (credential.ExpiresAt is { } end)
        {
            json.WriteString("expires_at"u8, TimestampConverter.Format(end));
        }
        else
        {
            json.WriteNull("expires_at"u8);
        }

        WriteLimit(json, verdict);
        json.WritePropertyName("metadata"u8);
        if (credential is AuthenticatedCredential { Stored.Terms.Metadata: { } metadata })
        {
            metadata.WriteTo(json);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private static void WriteRefusal(Utf8JsonWriter json, in Requirement requirement, in Verdict verdict, DpopNonces nonces)
    {
        if (verdict.Code == VerificationCode.CredentialKindNotAccepted && requirement.Api is { } api)
        {
            WriteTexts(json, "accepted_credentials"u8, api.KindsFor(requirement.Scopes));
        }

        if (verdict.Code == VerificationCode.Expired && verdict.Credential.ExpiresAt is { } end)
        {
            json.WriteString("expired_at"u8, TimestampConverter.Format(end));
        }

        if (verdict.Possession.NeedsNonce)
        {
            json.WriteString("dpop_nonce"u8, nonces.Current);
        }

        if (verdict.Code == VerificationCode.InsufficientScope)
        {
            var missing = requirement.Scopes.Except(verdict.Scopes);
            // These are scopes of the requested API, whose metadata is public (RFC 9728).
            if (requirement.Api is { } asked && !asked.Scopes.IsSupersetOf(missing))
            {
                json.WriteString("reason"u8, InsufficientScopeReason.NoSuchScope);
            }

            WriteTexts(json, "missing_scopes"u8, missing);
        }

        WriteLimit(json, verdict);
    }

    private static void WriteLimit(Utf8JsonWriter json, in Verdict verdict)
    {
        if (verdict.Limits.State is not { } limit)
        {
            return;
        }

        json.WriteStartObject("rate_limit"u8);
        json.WriteString("name"u8, limit.Name);
        json.WriteNumber("limit"u8, limit.Limit);
        json.WriteNumber("remaining"u8, limit.Remaining);
        json.WriteString("reset_at"u8, TimestampConverter.Format(limit.ResetAt));
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> name, ScopeSet texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        for (var i = 0; i < texts.Count; i++)
        {
            json.WriteStringValue(texts[i]);
        }

        json.WriteEndArray();
    }
}
