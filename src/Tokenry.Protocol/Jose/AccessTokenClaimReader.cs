using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Tokenry.Protocol.Access;

namespace Tokenry.Protocol.Jose;

/// <summary>Checks presence and type of the claims of RFC 9068 §2.2. The validator checks their meaning and the time.</summary>
internal static class AccessTokenClaimReader
{
    public static bool TryRead(JsonElement claims, [NotNullWhen(true)] out AccessToken? token, out DateTimeOffset? notBefore)
    {
        token = null;
        notBefore = null;
        if (
            !JsonMember.TryGetText(claims, "iss", out var issuer)
            || !JsonMember.TryGetText(claims, "sub", out var subject)
            || !JsonMember.TryGetText(claims, "client_id", out var clientId)
            || !JsonMember.TryGetText(claims, "jti", out var tokenId)
            || !JsonMember.TryGetTime(claims, "exp", out var expiresAt)
            || !JsonMember.TryGetTime(claims, "iat", out var issuedAt)
            || !TryGetAudience(claims, out var audience)
            || !JsonMember.TryGetOptionalTime(claims, "nbf", out notBefore)
            || !TryGetScope(claims, out var scope)
            || !TryGetObjects(claims, out var objects)
            || !TokenConfirmation.TryRead(claims, out var confirmation)
            || !JsonMember.TryGetOptionalText(claims, "credential_id", out var credentialId)
            || !JsonMember.TryGetOptionalText(claims, "organization_id", out var organizationId)
            || !TokenActor.TryRead(claims, out var actor)
            || !AuthorizedActor.TryRead(claims, out var mayAct)
            || !TryGetPassedScopes(claims, out var passed)
        )
        {
            return false;
        }

        token = new AccessToken
        {
            Issuer = issuer,
            Audience = audience,
            Subject = subject,
            ClientId = clientId,
            ExpiresAt = expiresAt,
            IssuedAt = issuedAt,
            TokenId = tokenId,
            Scope = scope,
            CredentialId = credentialId,
            OrganizationId = organizationId,
            Objects = objects,
            Confirmation = confirmation,
            Actor = actor,
            MayAct = mayAct,
            PassedScopes = passed,
        };
        return true;
    }

    // RFC 7519 §4.1.3: one string, or an array of them.
    private static bool TryGetAudience(JsonElement claims, [NotNullWhen(true)] out string[]? audience)
    {
        audience = JsonMember.TryGetText(claims, "aud", out var single) ? [single] : null;
        return audience is not null
            || (claims.TryGetProperty("aud", out var several) && JsonMember.TryGetTexts(several, out audience) && audience.Length > 0);
    }

    private static bool TryGetScope(JsonElement claims, [NotNullWhen(true)] out ScopeSet? scope)
    {
        scope = null;
        return JsonMember.TryGetOptionalText(claims, "scope", out var text) && ScopeSet.TryParse(text ?? "", out scope);
    }

    private static bool TryGetPassedScopes(JsonElement claims, out Dictionary<string, ScopeSet>? passed)
    {
        passed = null;
        if (!claims.TryGetProperty("passed_scopes", out var member))
        {
            return true;
        }

        if (member.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        passed = new(StringComparer.Ordinal);
        foreach (var api in member.EnumerateObject())
        {
            if (!JsonMember.TryGetOptionalText(member, api.Name, out var text) || !ScopeSet.TryParse(text, out var scopes))
            {
                return false;
            }

            passed[api.Name] = scopes;
        }

        return true;
    }

    private static bool TryGetObjects(JsonElement claims, out string[]? objects)
    {
        objects = null;
        return !claims.TryGetProperty("objects", out var list) || JsonMember.TryGetTexts(list, out objects);
    }
}
