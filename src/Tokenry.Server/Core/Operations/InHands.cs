using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Operations;

/// <summary>
/// A caller that cannot make credentials for all owners gives a principal it holds only what the calling credential may do itself. The minting rule bounds a
/// credential when it is made; this rule bounds what the same caller does to its owner afterwards. Every operation that changes what principals may do checks
/// this before it writes (docs/decisions/0062-what-is-in-ones-hands.md).
/// </summary>
public sealed class InHands(OperationContext operation)
{
    private IReadOnlyList<IReadOnlyList<PrincipalFacts>>? held;

    private Caller Caller => operation.Caller;

    private Catalog Catalog => operation.Catalog;

    private bool IsBound => !Caller.Management.Contains(ManagementApi.CredentialsWrite);

    /// <exception cref="ProblemException">403 naming what the change would give to which principal.</exception>
    public async Task CheckAsync(Gift gift)
    {
        // Most changes give what the caller has, so they need no query.
        if (!IsBound || (Beyond(gift.AtMost).IsEmpty && ForeignAudience(gift) is null))
        {
            return;
        }

        foreach (var line in held ??= await LinesAsync())
        {
            Check(line, gift);
        }
    }

    /// <summary>
    /// Checks what scopes of an API imply after a change: for principals, and for the calling credential, which may name less than its owner.
    /// </summary>
    /// <param name="api">The API resource as it was.</param>
    /// <inheritdoc cref="CheckAsync"/>
    public async Task CheckImpliedAsync(ApiResourceFacts api)
    {
        if (!IsBound)
        {
            return;
        }

        var then = await CatalogCache.ReadAsync(operation.Transaction);
        if (then.ResourceById(api.Id) is not { } changed)
        {
            return;
        }

        var old = api.Register.Hierarchy;
        var more = api.Scopes.Aggregate(
            ScopeSet.Empty,
            (all, scope) => all.Union(changed.Register.Hierarchy.Closure(Only(scope)).Except(old.Closure(Only(scope))))
        );
        RefuseForItself(api, changed);
        await CheckAsync(
            new Gift(
                At(api, more),
                principal =>
                    At(api, Rights.Named(then, principal).At(api.Identifier).Except(Rights.Named(Catalog, principal).At(api.Identifier)))
            )
        );
    }

    /// <summary>Checks object types that an API gets: roles on such objects count there from then on.</summary>
    /// <param name="api">The API resource as it was.</param>
    /// <param name="types">Its object types from now on.</param>
    /// <inheritdoc cref="CheckAsync"/>
    public Task CheckTypesAsync(ApiResourceFacts api, IReadOnlyList<string> types)
    {
        string[] more = [.. types.Except(api.ObjectTypes, StringComparer.Ordinal)];
        return more.Length == 0
            ? Task.CompletedTask
            : CheckAsync(
                new Gift(
                    At(api, api.Scopes),
                    principal =>
                        At(
                            api,
                            Rights
                                .OfObjectRoles(
                                    Catalog,
                                    principal.ObjectRoles.Where(role => more.Contains(role.Pattern.Type, StringComparer.Ordinal))
                                )
                                .At(api.Identifier)
                        )
                )
            );
    }

    /// <summary>
    /// Checks new limits over an application: a credential that the caller made for it may have no others (<see cref="MintingRule.CheckLimits"/>).
    /// </summary>
    /// <param name="application">The application as it was.</param>
    /// <param name="limits">Its limits from now on.</param>
    /// <exception cref="ProblemException">403: the calling credential is bound by a limit that these do not keep.</exception>
    public async Task CheckLimitsAsync(PrincipalFacts application, IReadOnlyList<UseLimit>? limits)
    {
        if (
            IsBound
            && MintingRule.LimitsOf(Caller, application).FirstOrDefault(limit => !MintingRule.Covers(limit, limits)) is { } lifted
            && (held ??= await LinesAsync()).Any(line => line[0].Id == application.Id)
        )
        {
            throw Problems.ExceedsOwn(
                $"{application.Id} would be used more often than the limit {lifted.Name} lets the calling credential be used."
            );
        }
    }

    private static ScopeSet Only(string scope) => ScopeSet.Of([scope]);

    private static PermissionSet At(ApiResourceFacts api, ScopeSet scopes) => PermissionSet.OfDistinct([(api.Identifier, scopes)]);

    private void RefuseForItself(ApiResourceFacts api, ApiResourceFacts changed)
    {
        if (Caller.Credential.Stored?.Permissions is { } grants)
        {
            // Scopes that the calling credential could pass on until now count too: credentials that it made name them, whatever it names later.
            var named = grants.At(api).Intersect(api.Scopes);
            Refuse(
                Beyond(At(api, changed.Register.Hierarchy.Closure(named.Intersect(changed.Scopes)).Except(named))),
                "the calling credential"
            );
        }
    }

    private void Check(IReadOnlyList<PrincipalFacts> line, Gift gift)
    {
        var principal = line[0];
        if (gift.To(principal) is { } given)
        {
            Refuse(Beyond(given), principal.Id);
            if (ForeignAudience(gift) is { } api)
            {
                throw Problems.ExceedsOwn($"The calling credential has no right at {api}, for which {principal.Id} may exchange tokens.");
            }
        }

        foreach (var owner in line.Skip(1))
        {
            if (gift.Under(owner) is { } more && Beyond(more) is { IsEmpty: false } beyond)
            {
                Refuse(beyond.Intersect(Rights.Named(Catalog, principal)), principal.Id);
            }
        }
    }

    private static void Refuse(PermissionSet beyond, string whom)
    {
        if (!beyond.IsEmpty)
        {
            var (api, scopes) = beyond.Entries[0];
            throw Problems.ExceedsOwn($"This gives {scopes} at {api} to {whom}, and the calling credential has no right to it.");
        }
    }

    private PermissionSet Beyond(PermissionSet given) => given.Except(api => Caller.EffectiveAt(Catalog, api));

    private string? ForeignAudience(Gift gift) => gift.Audiences.FirstOrDefault(api => Caller.EffectiveAt(Catalog, api).IsEmpty);

    private async Task<IReadOnlyList<IReadOnlyList<PrincipalFacts>>> LinesAsync() =>
        await PrincipalStore.LinesAsync(operation.Transaction, await HeldPrincipals.OfAsync(operation.Transaction, Caller.Principal.Id));
}
