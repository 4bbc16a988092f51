using System.Text.Json;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.OAuth;

/// <summary>
/// <c>POST /oauth/introspect</c> (RFC 7662) for access tokens, API keys and personal access tokens. A caller with <c>introspect</c> sees every API. A
/// listed resource server sees its own API, and a client sees the tokens issued to it. Any other caller sees exactly <c>{"active":false}</c>.
/// </summary>
public sealed class IntrospectionEndpoint(
    ClientAuthenticator clients,
    CallerAuthenticator callers,
    Door door,
    CatalogCache catalogs,
    UseRecorder recorder,
    TokenryOptions options
)
{
    private readonly Challenge challenge = Challenge.Bearer with
    {
        Scope = ManagementApi.Introspect,
        Metadata = ResourceMetadata.Of(options),
    };

    public async Task ServeAsync(HttpContext context, FormParameters form)
    {
        var catalog = await catalogs.GetAsync();
        var caller = await CallerAsync(context, form, catalog);
        var token = form["token"] ?? throw OAuthError.InvalidRequest("token is missing");
        var (result, authenticated) = await door.InspectAsync(catalog, token);
        var seen = authenticated is null ? [] : Visible(catalog, caller, authenticated);
        // A valid token that this caller may not see is not recorded as a denial.
        if (!result.IsGood || seen.Count > 0)
        {
            recorder.Decided(
                new Use
                {
                    Door = DoorNames.Introspection,
                    Result = result.Reason,
                    Credential = result,
                    Api = seen.Count == 1 ? seen[0].Api : null,
                    // The caller is not the client that presented the token, so the client's address and agent are unknown.
                    From = new UseCircumstances(null, null, RequestFacts.Of(context).RequestId),
                }
            );
        }

        JsonAnswer.WriteObject(
            context.Response,
            (options.Issuer, authenticated, seen),
            static (json, found) =>
            {
                json.WriteBoolean("active"u8, found.seen.Count > 0);
                if (found.seen.Count > 0 && found.authenticated is not null)
                {
                    WriteActive(json, found.Issuer, found.authenticated, found.seen);
                }
            }
        );
    }

    /// <summary>A bearer with <c>introspect</c> or a listed resource server's bearer, or an authenticated client.</summary>
    private async ValueTask<Caller> CallerAsync(HttpContext context, FormParameters form, Catalog catalog)
    {
        var carrier = Carrier.Of(context.Request.Headers);
        if (carrier.IsAmbiguous)
        {
            throw OAuthError.InvalidRequest("two credentials in one request");
        }

        if (carrier.Presented is not { Length: > 0 })
        {
            var client = await clients.AuthenticateAsync(context, form);
            return client.With(Rights.Of(catalog, client.Principal, ManagementApi.Resource));
        }

        if (form["client_secret"] is not null || form["client_assertion"] is not null)
        {
            throw OAuthError.InvalidRequest("two credentials in one request");
        }

        var (found, limits, _) = await callers.AuthenticateAsync(context, carrier);
        limits.WriteHeaders(context.Response.Headers);
        var caller = limits.IsRefused ? throw OAuthError.TooManyFailures() : found ?? throw OAuthError.InvalidToken(challenge);
        if (!Capabilities.Of(caller.Credential.Kind).ActsForOwner)
        {
            throw OAuthError.InsufficientScope(challenge);
        }

        var isListed = !caller.Principal.IsUser && catalog.Resources.Any(api => api.ResourceServers.Contains(caller.Principal.Id));
        return isListed || caller.Management.Contains(ManagementApi.Introspect) ? caller : throw OAuthError.InsufficientScope(challenge);
    }

    /// <summary>The APIs that accept the credential and that the caller may see, with the credential's scopes there.</summary>
    private static List<(ApiResourceFacts Api, ScopeSet Scopes)> Visible(Catalog catalog, Caller caller, Authenticated authenticated)
    {
        var ownToken = authenticated.HolderId == caller.Principal.Id;
        var all = ownToken || caller.Management.Contains(ManagementApi.Introspect);
        var possession = Possession.Described(authenticated);
        var seen = new List<(ApiResourceFacts, ScopeSet)>();
        foreach (var api in catalog.Resources)
        {
            if (all || api.ResourceServers.Contains(caller.Principal.Id))
            {
                var requirement = new Requirement
                {
                    Api = api,
                    Scopes = ScopeSet.Empty,
                    Possession = possession,
                };
                var (code, scopes) = AccessDecision.Decide(catalog, authenticated, requirement);
                if (code == VerificationCode.Valid)
                {
                    seen.Add((api, scopes));
                }
            }
        }

        return seen;
    }

    private static void WriteActive(
        Utf8JsonWriter json,
        string issuer,
        Authenticated authenticated,
        List<(ApiResourceFacts Api, ScopeSet Scopes)> seen
    )
    {
        var token = authenticated.Token;
        json.WriteString("iss"u8, issuer);
        if (authenticated.Subject is { } subject)
        {
            json.WriteString("sub"u8, subject);
        }

        if (authenticated.ApplicationId is { } application)
        {
            json.WriteString("client_id"u8, application);
        }

        if (seen.Count == 1)
        {
            json.WriteString("aud"u8, seen[0].Api.Identifier);
        }
        else
        {
            json.WriteStartArray("aud"u8);
            foreach (var (api, _) in seen)
            {
                json.WriteStringValue(api.Identifier);
            }

            json.WriteEndArray();
        }

        json.WriteString("scope"u8, seen.Aggregate(ScopeSet.Empty, (scopes, entry) => scopes.Union(entry.Scopes)).ToString());
        if ((token?.IssuedAt ?? authenticated.Stored?.CreatedAt) is { } start)
        {
            json.WriteNumber("iat"u8, start.ToUnixTimeSeconds());
        }

        if (authenticated.ExpiresAt is { } end)
        {
            json.WriteNumber("exp"u8, end.ToUnixTimeSeconds());
        }

        json.WriteString("jti"u8, token?.TokenId ?? authenticated.CredentialId);
        json.WriteString("token_type"u8, token?.Confirmation?.KeyThumbprint is null ? "Bearer"u8 : "DPoP"u8);
        if (token?.Confirmation is { } confirmation)
        {
            // RFC 8705 §3.2, RFC 9449 §6.2: the caller must check the binding.
            AccessTokenWriter.WriteConfirmation(json, confirmation);
        }

        if (token?.Actor is { } actor)
        {
            AccessTokenWriter.WriteActor(json, actor);
        }

        if (authenticated.OrganizationId is { } organization)
        {
            json.WriteString("organization_id"u8, organization);
        }

        json.WriteString("credential_kind"u8, authenticated.Kind);
        if (authenticated.ObjectTexts is { } objects)
        {
            json.WriteStartArray("objects"u8);
            foreach (var text in objects)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        }
    }
}
