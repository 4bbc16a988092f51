using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Applications;

/// <summary>The rules for the OAuth client settings of an application.</summary>
public static class ClientRules
{
    private const int MostAudiences = 100;

    public static ClientSettings Of(ApplicationRequest request) =>
        new()
        {
            Methods = request.TokenEndpointAuthMethods,
            AcceptsUntypedAssertions = request.AcceptsUntypedAssertions ?? false,
            CompatibleAssertions = IsCompatible(request.Assertions),
            DpopBound = request.DpopBoundAccessTokens ?? false,
            CertificateBound = request.TlsClientCertificateBoundAccessTokens ?? false,
            ExchangeAudiences = request.TokenExchangeAudiences,
        };

    public static ClientSettings Revised(ClientSettings old, ApplicationPatch patch) =>
        new()
        {
            Methods = patch.TokenEndpointAuthMethods.Or(old.Methods),
            AcceptsUntypedAssertions = patch.AcceptsUntypedAssertions.Or(old.AcceptsUntypedAssertions) ?? false,
            CompatibleAssertions = patch.Assertions.IsPresent ? IsCompatible(patch.Assertions.Or(null)) : old.CompatibleAssertions,
            DpopBound = patch.DpopBoundAccessTokens.Or(old.DpopBound) ?? false,
            CertificateBound = patch.TlsClientCertificateBoundAccessTokens.Or(old.CertificateBound) ?? false,
            ExchangeAudiences = patch.TokenExchangeAudiences.Or(old.ExchangeAudiences),
        };

    /// <exception cref="ProblemException">400: the policy does not exist.</exception>
    private static bool IsCompatible(string? policy) =>
        policy switch
        {
            null or AssertionPolicy.Strict => false,
            AssertionPolicy.Compatible => true,
            _ => throw ProblemException.Invalid(
                "assertions",
                $"'{Validation.Shown(policy)}' is neither {AssertionPolicy.Strict} nor {AssertionPolicy.Compatible}"
            ),
        };

    public static void Check(Validation check, Catalog catalog, ClientSettings settings)
    {
        CheckMethods(check, settings.Methods);
        if (settings.ExchangeAudiences is not { } audiences)
        {
            return;
        }

        const string member = "token_exchange_audiences";
        check.Require(audiences.Count <= MostAudiences, member, $"must have at most {MostAudiences} entries");
        foreach (var api in audiences.Take(MostAudiences))
        {
            check.Require(
                api is not null && api != ManagementApi.Identifier && catalog.Resource(api) is not null,
                member,
                $"'{Validation.Shown(api)}' is not the identifier of a registered API; Tokenry's own API cannot be a target"
            );
        }
    }

    /// <summary>
    /// An audience lets the client exchange tokens it receives for tokens of that API. Under <c>applications:own</c>, the caller may add only
    /// APIs that the caller may use. Audiences already stored were allowed before.
    /// </summary>
    /// <exception cref="ProblemException">403.</exception>
    public static void RefuseForeignAudiences(Catalog catalog, Caller caller, Reach reach, ClientSettings before, ClientSettings after)
    {
        if (
            !reach.IsAll
            && after.ExchangeAudiences?.FirstOrDefault(api => !before.ExchangesFor(api) && caller.EffectiveAt(catalog, api).IsEmpty)
                is { } foreign
        )
        {
            throw Problems.ExceedsOwn(
                $"The calling credential has no rights at {foreign}. Remove it from the audiences, or use a credential with rights there."
            );
        }
    }

    /// <summary>
    /// The added audiences. A caller who may register any application adds audiences freely, except to an application in their own hands.
    /// </summary>
    public static Gift MoreAudiences(string applicationId, ClientSettings before, ClientSettings after) =>
        new(PermissionSet.Empty, principal => principal.Id == applicationId ? PermissionSet.Empty : null)
        {
            Audiences = [.. after.ExchangeAudiences?.Where(api => !before.ExchangesFor(api)) ?? []],
        };

    /// <summary>
    /// Locks the named API resources until this transaction commits. Audiences are stored as names, and the deletion of an API resource
    /// removes them (docs/decisions/0045-rights-by-identity.md).
    /// </summary>
    /// <param name="tx">The transaction. It must not hold locks on principals yet.</param>
    /// <param name="catalog">The registered API resources.</param>
    /// <param name="audiences">The identifiers from the request. Other code refuses unknown ones.</param>
    public static async Task HoldAudiencesAsync(WriteTransaction tx, Catalog catalog, IReadOnlyList<string>? audiences)
    {
        var identifiers = (audiences ?? [])
            .Take(MostAudiences)
            .Where(api => api is not null && catalog.Resource(api) is not null)
            .ToArray();
        if (identifiers.Length > 0)
        {
            await tx.QueryAsync<string>(
                $"SELECT id FROM api_resources WHERE {tx.Dialect.In("identifier", "@identifiers")} ORDER BY id{tx.Dialect.ForUpdate("api_resources")}",
                new { identifiers }
            );
        }
    }

    private static void CheckMethods(Validation check, IReadOnlyList<string>? methods)
    {
        if (methods is null)
        {
            return;
        }

        const string member = "token_endpoint_auth_methods";
        check.Require(
            methods.Count > 0,
            member,
            "needs at least one method; null allows every method that the application has credentials for"
        );
        check.Require(methods.Distinct(StringComparer.Ordinal).Count() == methods.Count, member, "must not name a method twice");
        check.Require(
            methods.Count <= 1 || !methods.Contains(ClientAuthenticationMethod.None),
            member,
            "none must be the only method: a client that may use it needs no authentication"
        );
        var known = ClientAuthenticationMethod.All;
        foreach (var method in methods.Take(known.Count + 1))
        {
            check.Require(known.Contains(method), member, $"'{Validation.Shown(method)}' is not one of {string.Join(", ", known)}");
        }
    }
}
