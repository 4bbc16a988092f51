using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Applications;

/// <summary>What an application may be set to as an OAuth client.</summary>
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

    /// <exception cref="ProblemException">400: there is no such policy.</exception>
    private static bool IsCompatible(string? policy) =>
        policy switch
        {
            null or AssertionPolicy.Strict => false,
            AssertionPolicy.Compatible => true,
            _ => throw ProblemException.Invalid(
                "assertions",
                $"'{Validation.Shown(policy)}' is not {AssertionPolicy.Strict} or {AssertionPolicy.Compatible}"
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
        check.Require(audiences.Count <= MostAudiences, member, $"more than {MostAudiences}");
        foreach (var api in audiences.Take(MostAudiences))
        {
            check.Require(
                api is not null && api != ManagementApi.Identifier && catalog.Resource(api) is not null,
                member,
                $"'{Validation.Shown(api)}' is not the identifier of a registered API; Tokenry's own is never one"
            );
        }
    }

    /// <summary>
    /// Whoever names an API here lets the client turn what others hand it into tokens for that API. Under <c>applications:own</c> one names only
    /// what one may use oneself; what stood there before, somebody named who could.
    /// </summary>
    /// <exception cref="ProblemException">403.</exception>
    public static void RefuseForeignAudiences(Catalog catalog, Caller caller, Reach reach, ClientSettings before, ClientSettings after)
    {
        if (
            reach.OwnOf is not null
            && after.ExchangeAudiences?.FirstOrDefault(api => !before.ExchangesFor(api) && caller.EffectiveAt(catalog, api).IsEmpty)
                is { } foreign
        )
        {
            throw Problems.ExceedsOwn($"The calling credential has no right at {foreign}.");
        }
    }

    /// <summary>The APIs that are new: who registers any application names them freely, but not for one that is in their own hands.</summary>
    public static Gift MoreAudiences(string applicationId, ClientSettings before, ClientSettings after) =>
        new(PermissionSet.Empty, principal => principal.Id == applicationId ? PermissionSet.Empty : null)
        {
            Audiences = [.. after.ExchangeAudiences?.Where(api => !before.ExchangesFor(api)) ?? []],
        };

    /// <summary>
    /// Keeps what is named from being deleted before this commits: audiences are names, and whoever deletes an API resource takes them away with it
    /// (docs/decisions/0045-rights-by-identity.md).
    /// </summary>
    /// <param name="tx">The transaction, which has locked no principal yet.</param>
    /// <param name="catalog">API resources.</param>
    /// <param name="audiences">As they came; what is not registered is refused elsewhere.</param>
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
        check.Require(methods.Count > 0, member, "needs at least one; null means whatever the application has credentials for");
        check.Require(methods.Distinct(StringComparer.Ordinal).Count() == methods.Count, member, "names one twice");
        check.Require(
            methods.Count <= 1 || !methods.Contains(ClientAuthenticationMethod.None),
            member,
            "none stands alone: it makes a public client, which nobody need be to get what it gets"
        );
        var known = ClientAuthenticationMethod.All;
        foreach (var method in methods.Take(known.Count + 1))
        {
            check.Require(known.Contains(method), member, $"'{Validation.Shown(method)}' is not one of {string.Join(", ", known)}");
        }
    }
}
