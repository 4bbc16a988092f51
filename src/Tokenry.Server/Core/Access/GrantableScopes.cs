using Dapper;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Access;

/// <summary>
/// The scopes that a form offers for a new credential: each scope that the caller may give to the owner now, once. The minting rule decides when the form is
/// sent.
/// </summary>
public sealed class GrantableScopes(Database database, CatalogCache catalogs, PrincipalCache principals)
{
    /// <param name="caller">The caller.</param>
    /// <param name="ownerId">The owner of the new credential.</param>
    /// <param name="kind">Its kind, of <see cref="CredentialKind"/>.</param>
    public async Task<IReadOnlyList<ApiChoice>> ListAsync(Caller caller, string ownerId, string kind)
    {
        var catalog = await catalogs.GetAsync();
        var owner = ownerId == caller.Principal.Id ? caller.Principal : await principals.GetAsync(ownerId);
        if (owner is null)
        {
            throw ProblemException.NotFound();
        }

        return (await ChoicesAsync([OfferedBy(catalog, caller, owner, kind)]))[0];
    }

    /// <summary>The scopes that a form offers for a person's own token, in each organization in which the caller can act beside acting in none.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="kind">The kind of the new credential.</param>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<ApiChoice>>> ThereAsync(Caller caller, string kind)
    {
        var catalog = await catalogs.GetAsync();
        var ids = caller.OrganizationId is null ? caller.Principal.Memberships.Select(member => member.OrganizationId) : [];
        var acting = ids.Select(id => (Id: id, Caller: caller.ActingIn(catalog, id)))
            .Where(there => there.Caller is not null)
            .Select(there => (there.Id, Offered: OfferedBy(catalog, there.Caller!, there.Caller!.Principal, kind)))
            .ToList();
        var choices = await ChoicesAsync([.. acting.Select(there => there.Offered)]);
        return acting
            .Select((there, i) => (there.Id, choices[i]))
            .ToDictionary(there => there.Id, there => there.Item2, StringComparer.Ordinal);
    }

    /// <summary>The scopes that a form offers for a role: all of each API, and of Tokenry's own those that the caller holds.</summary>
    public async Task<IReadOnlyList<ApiChoice>> OfRoleAsync(Caller caller)
    {
        var catalog = await catalogs.GetAsync();
        var offered = catalog
            .Resources.Select(api => (Api: api, Scopes: api.Identifier == ManagementApi.Identifier ? caller.Management : api.Scopes))
            .Where(entry => !entry.Scopes.IsEmpty)
            .ToList();
        return (await ChoicesAsync([offered]))[0];
    }

    private static List<(ApiResourceFacts Api, ScopeSet Scopes)> OfferedBy(
        Catalog catalog,
        Caller caller,
        PrincipalFacts owner,
        string kind
    ) =>
        [
            .. catalog
                .Resources.Where(api => api.AcceptedKinds.Contains(kind))
                .Select(api => (Api: api, Scopes: api.Usable(Offered(catalog, caller, owner, api), kind)))
                .Where(entry => !entry.Scopes.IsEmpty),
        ];

    /// <summary>What the pages show of each of these lists.</summary>
    private async Task<IReadOnlyList<IReadOnlyList<ApiChoice>>> ChoicesAsync(
        IReadOnlyList<List<(ApiResourceFacts Api, ScopeSet Scopes)>> lists
    )
    {
        var ids = lists.SelectMany(offered => offered).Select(entry => entry.Api.Id).Distinct(StringComparer.Ordinal).ToArray();
        var rows = await database.ReadAsync(async connection =>
            (
                await connection.QueryAsync<ApiResourceRow>(
                    $"SELECT {ApiResourceRow.Columns} FROM api_resources WHERE {Dialect.Of(connection).In("id", "@ids")}",
                    new { ids }
                )
            ).ToDictionary(row => row.Id, row => row.ToApiResource(), StringComparer.Ordinal)
        );
        return
        [
            .. lists.Select(offered =>
                (IReadOnlyList<ApiChoice>)
                    [
                        .. offered
                            .Select(entry => Choice(entry.Api, entry.Scopes, rows.GetValueOrDefault(entry.Api.Id)))
                            .OrderBy(choice => choice.Identifier == ManagementApi.Identifier) // last: few credentials need it
                            .ThenBy(choice => choice.Name, StringComparer.OrdinalIgnoreCase),
                    ]
            ),
        ];
    }

    private static ScopeSet Offered(Catalog catalog, Caller caller, PrincipalFacts owner, ApiResourceFacts api)
    {
        // Also what the owner may do on some objects only: the credential may do it there.
        var ofOwner = Rights.Of(catalog, owner, api, AboutObjects.Any());
        var isOwn = owner.Id == caller.Principal.Id || !caller.Management.Contains(ManagementApi.CredentialsWrite);
        return isOwn || api.Identifier == ManagementApi.Identifier
            ? ofOwner.Intersect(caller.EffectiveAt(catalog, api.Identifier, AboutObjects.Any()))
            : ofOwner;
    }

    private static ApiChoice Choice(ApiResourceFacts api, ScopeSet scopes, ApiResource? shown)
    {
        var descriptions = shown?.Scopes.ToDictionary(scope => scope.Name, scope => scope.Description, StringComparer.Ordinal) ?? [];
        return new ApiChoice(
            api.Identifier,
            shown?.Name ?? "Tokenry",
            api.ObjectTypes,
            [.. scopes.Select(scope => new ScopeChoice(scope, descriptions.GetValueOrDefault(scope)))]
        );
    }
}
