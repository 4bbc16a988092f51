using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>
/// Token exchange (RFC 8693): a key, a personal access token, an access token or another issuer's token becomes a short access token for one API. The
/// result may do what the subject may do now and the credential permits, at an API that the client may exchange for. It names the client that acts for the
/// subject, and it expires no later than the subject token.
/// </summary>
public sealed class TokenExchange(
    SubjectTokens subjects,
    CatalogCache catalogs,
    AccessTokenWriter writer,
    OneTimeTokens oneTimeTokens,
    UseRecorder recorder,
    TimeProvider time
) : IGrant
{
    public string Name => "urn:ietf:params:oauth:grant-type:token-exchange";

    public IReadOnlyList<RouteMember> Parameters { get; } =
    [
        new("subject_token", "Of an exchange (RFC 8693): an access token, API key, personal access token or another issuer's token."),
        new("subject_token_type", "Of an exchange: what the subject token is."),
        new("requested_token_type", "Of an exchange: left out, or urn:ietf:params:oauth:token-type:access_token or :jwt."),
    ];

    public bool SubjectMayAuthenticate => true;

    /// <summary>The longest chain of actors. With a longer chain, readers could not tell for whom an action happens.</summary>
    private const int MostActors = 4;

    /// <summary>The most APIs a token may pass through; the result carries what the token could do at each.</summary>
    private const int MostPassed = 8;

    public async ValueTask<IssuedToken> RunAsync(TokenRequest request)
    {
        var subject = SubjectToken.Read(request.Form);
        var catalog = await catalogs.GetAsync();
        var result = await subjects.AuthenticateAsync(subject, request);
        ApiResourceFacts? api = null;
        try
        {
            var reason = subjects.Judge(result, subject, request, catalog);
            if (reason != AuditReason.Valid || result is not Authenticated found)
            {
                throw OAuthError.SubjectTokenNotAcceptable().Because(reason);
            }

            result = found = await InOrganizationAsync(request.Form, found);
            var actor = Actor(found, request.Client);
            api = Target(catalog, found, request);
            var allowed = Allowed(catalog, found, api);
            TokenTarget.Check(api, allowed);
            var confirmation = request.ConfirmationFor(api);
            var objects = Objects(found, api);
            var scope = TokenTarget.Scope(request.Form, api, allowed);
            var passed = Passed(catalog, found, api);
            var lifetime = Lifetime(found, api);
            await CountAsync(catalog, found, request, api);
            return Write(found, subject, request, api, new Rest(scope, objects, actor, confirmation, passed, lifetime));
        }
        catch (OAuthError refusal) when (refusal.Status == 400)
        {
            recorder.Decided(Used(result, request, api) with { Result = refusal.Reason ?? new AuditReason(refusal.Error) });
            throw;
        }
    }

    /// <summary>The result acts where the subject token acts: of several organizations that it names the request chooses one.</summary>
    private async ValueTask<Authenticated> InOrganizationAsync(FormParameters form, Authenticated subject)
    {
        if (form[ClientCredentials.OrganizationId] is not { } asked)
        {
            return subject;
        }

        var acting = await subjects.InOrganizationAsync(subject, asked);
        return acting.OrganizationId == asked
            ? acting
            : throw OAuthError.InvalidRequest("the subject token does not act in this organization");
    }

    /// <summary>The client acts for the subject, unless the client is the subject.</summary>
    private static TokenActor? Actor(Authenticated subject, Caller client)
    {
        var before = subject.Token?.Actor;
        var actor = subject.Owner.Id == client.Principal.Id ? before : new TokenActor(client.Principal.Id, before);
        return actor is not { Depth: > MostActors } ? actor : throw OAuthError.SubjectTokenNotAcceptable().Because("too_many_actors");
    }

    /// <summary>Only APIs that the client may exchange for, regardless of the subject's rights. The default is none.</summary>
    private static ApiResourceFacts Target(Catalog catalog, Authenticated subject, TokenRequest request) =>
        TokenTarget.Find(
            catalog,
            request.Form,
            api => request.Client.Principal.Client.ExchangesFor(api.Identifier) && !Allowed(catalog, subject, api).IsEmpty
        );

    /// <summary>
    /// The subject's rights at the target now, limited by the presented token. At its own API, an access token is limited by its scopes. For another API,
    /// only a client that serves the first API or to which the token was issued can ask. There, the credential that the token was issued for and the
    /// earlier tokens' scopes at that API set the limit. An exchange does not admit a kind of credential that the API does not accept.
    /// </summary>
    private static ScopeSet Allowed(Catalog catalog, Authenticated subject, ApiResourceFacts api)
    {
        if (subject.Stored is not { } credential)
        {
            return ScopeSet.Empty;
        }

        var named =
            subject.Token is { } token && token.IsFor(api.Identifier)
                ? subject.NamedAt(api)
                : credential.Permissions?.In(subject.OrganizationId).At(api);
        var scopes = Rights.Of(catalog, subject, named, api);
        if (!CredentialKind.IsClientAuthentication(credential.Kind))
        {
            scopes = api.AcceptedKinds.Contains(credential.Kind) ? api.Usable(scopes, credential.Kind) : ScopeSet.Empty;
        }

        return api.Usable(subject.PassedAt(api) is { } passed ? scopes.Intersect(passed) : scopes, CredentialKind.AccessToken);
    }

    /// <summary>
    /// The scopes that the subject token, and the tokens it was exchanged from, had at other APIs. Without them, a client could widen a narrowed token
    /// by exchanging it for another API and back.
    /// </summary>
    private static Dictionary<string, ScopeSet>? Passed(Catalog catalog, Authenticated subject, ApiResourceFacts target)
    {
        if (subject.Token is not { } token)
        {
            return null;
        }

        var passed = new Dictionary<string, ScopeSet>(StringComparer.Ordinal);
        foreach (var id in token.PassedScopes?.Keys ?? [])
        {
            if (catalog.ResourceById(id) is { } api)
            {
                passed[id] = subject.PassedAt(api)!;
            }
        }

        foreach (var audience in token.Audience)
        {
            if (catalog.Resource(audience) is { } api && subject.IsTokenFor(api))
            {
                passed[api.Id] = subject.NamedAt(api)!;
            }
        }

        passed.Remove(target.Id); // the result's own scope lies within it
        return passed.Count switch
        {
            0 => null,
            > MostPassed => throw OAuthError.SubjectTokenNotAcceptable().Because("too_many_exchanges"),
            _ => passed,
        };
    }

    /// <summary>Keeps the limit to objects; the API must have objects and check them in tokens.</summary>
    private static IReadOnlyList<string>? Objects(Authenticated subject, ApiResourceFacts api) =>
        subject.ObjectTexts is not { } objects ? null
        : api.ObjectsInTokens && api.ObjectTypes.Length > 0 ? objects
        : throw OAuthError.InvalidTarget("the subject token is limited to objects, which this resource's tokens do not carry");

    private TimeSpan Lifetime(Authenticated subject, ApiResourceFacts api)
    {
        var lifetime =
            subject.ExpiresAt is { } end && end - time.GetUtcNow() is var left && left < api.AccessTokenLifetime
                ? left
                : api.AccessTokenLifetime;
        return lifetime >= TimeSpan.FromSeconds(1)
            ? lifetime
            : throw OAuthError.SubjectTokenNotAcceptable().Because(VerificationCode.Expired);
    }

    /// <summary>An exchange counts as a use of the subject token, within its limits. For a one-time token it is the only use.</summary>
    private async ValueTask CountAsync(Catalog catalog, Authenticated subject, TokenRequest request, ApiResourceFacts api)
    {
        if (!await oneTimeTokens.UseAsync(catalog, subject))
        {
            throw OAuthError.SubjectTokenNotAcceptable().Because(VerificationCode.ProofReplayed);
        }

        var limits = await recorder.SettleAsync(Used(subject, request, api));
        if (limits.IsRefused)
        {
            throw OAuthError.LimitReached(limits.Wait);
        }
    }

    private static Use Used(AuthenticationResult subject, TokenRequest request, ApiResourceFacts? api) =>
        new()
        {
            Door = DoorNames.TokenExchange,
            Result = AuditReason.Valid,
            Credential = subject,
            Actor = subject.OwnerId == request.Client.Principal.Id ? null : request.Client.Principal.Id,
            Api = api,
            From = UseCircumstances.Of(request.Client.Request),
        };

    private IssuedToken Write(Authenticated found, SubjectToken subject, TokenRequest request, ApiResourceFacts api, Rest rest)
    {
        var (scope, objects, actor, confirmation, passed, lifetime) = rest;
        var (token, tokenId) = AccessTokenGrant.Sign(
            writer,
            new AccessTokenClaims
            {
                Audience = api.Identifier,
                Subject = found.Owner.Id,
                ClientId = request.Client.Principal.Id,
                Scope = scope,
                // The result ends when the exchanged credential is revoked.
                CredentialId = found.CredentialId!,
                OrganizationId = found.OrganizationId,
                Objects = objects,
                PassedScopes = passed,
                Actor = actor,
                Confirmation = confirmation,
                Lifetime = lifetime,
                Since = Math.Max(api.NamesSince, Math.Max(found.TokensSince, request.Client.Principal.TokensSince)),
            },
            api
        );
        return new IssuedToken(token, tokenId, api, lifetime, scope)
        {
            Confirmation = confirmation,
            IssuedTokenType = subject.IssuedType,
            Subject = found,
        };
    }

    /// <summary>The claims of the result besides subject and API.</summary>
    private sealed record Rest(
        ScopeSet Scope,
        IReadOnlyList<string>? Objects,
        TokenActor? Actor,
        TokenConfirmation? Confirmation,
        IReadOnlyDictionary<string, ScopeSet>? Passed,
        TimeSpan Lifetime
    );
}
