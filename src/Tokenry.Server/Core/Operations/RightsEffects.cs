using System.Data.Common;
using Dapper;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Operations;

/// <summary>
/// Counts which credentials gain or lose rights through a change: their effective rights in a snapshot of the store, and in the same snapshot with the change
/// applied. It uses a reader of its own, so that writes, doors and lists do not wait for it. It processes one credential at a time, so that its memory does
/// not grow with their number.
/// </summary>
public sealed class RightsEffects(Database database, TimeProvider time)
{
    private const int Step = 500;
    private const int MostListed = 200;

    /// <summary>No effect at all.</summary>
    public static RightsEffect None { get; } = new() { Gains = new(0, []), Loses = new(0, []) };

    /// <param name="change">The facts that a mutation would change.</param>
    /// <param name="principal">The caller's principal; each counts one change at a time.</param>
    /// <param name="asOf">A position in <c>changes</c>, read before the mutation was tried out.</param>
    /// <returns>The effect, and the premise it depends on.</returns>
    /// <exception cref="ListTooSlowException">There are more credentials than can be examined before the deadline.</exception>
    public Task<(RightsEffect Effect, Premise Premise)> CountAsync(RightsChange change, string principal, long asOf)
    {
        return database.SurveyAsync(principal, InSnapshotAsync);

        async Task<(RightsEffect, Premise)> InSnapshotAsync(DbConnection connection)
        {
            await connection.ExecuteAsync(database.Dialect.BeginSnapshot);
            try
            {
                return await CountAsync(connection, change, asOf);
            }
            finally
            {
                // Two words, because Dapper takes one word as the name of a procedure.
                await connection.ExecuteAsync("ROLLBACK TRANSACTION");
            }
        }
    }

    private async Task<(RightsEffect, Premise)> CountAsync(DbConnection connection, RightsChange change, long asOf)
    {
        var startedAt = time.GetTimestamp();
        var before = await CatalogCache.ReadAsync(connection);
        var after = change.Catalog ?? before;
        var altered = CatalogDifference.Of(before, after);
        var world = new PrincipalWorld(connection, change.Principals);
        await world.LoadWithOwnedAsync(change.Principals.Keys);
        var touched = world.Ids.ToHashSet(StringComparer.Ordinal);
        await world.LoadWithOwnedAsync(await AffectedAsync(connection, before, after, altered));
        var looked = world.Ids.ToList();
        await world.LoadOwnersAsync();

        var (gains, loses) = (new Side(), new Side());
        var widens = altered.Widens;
        foreach (var chunk in looked.Chunk(Step))
        {
            // For most principals a change has no effect, so only the others' credentials are read.
            var different = chunk
                .Select(id => (Id: id, Before: world.Before(id), After: world.After(id), Apis: touched.Contains(id) ? null : altered.Apis))
                .Select(principal =>
                    (
                        principal.Id,
                        principal.Before,
                        principal.After,
                        Apis: Different(before, after, (principal.Before, principal.After), altered, principal.Apis)
                    )
                )
                .Where(principal => principal.Apis.Count > 0)
                .ToDictionary(principal => principal.Id, StringComparer.Ordinal);
            widens |= different.Values.Any(owner => owner.Apis.Any(api => Widens(before, after, owner.Before, owner.After, api)));
            var owners = different.Keys.ToArray();
            if (owners.Length == 0)
            {
                continue;
            }

            var credentials = connection.QueryUnbufferedAsync<CredentialRights>(
                $"SELECT {CredentialRights.Columns} FROM credentials WHERE {database.Dialect.In("owner_id", "@owners")} AND state = 'active' "
                    + "AND (expires_at IS NULL OR expires_at > @now)",
                new { owners, now = time.GetUtcNow().ToUnixTimeMilliseconds() }
            );
            await foreach (var credential in credentials)
            {
                // SQLite checks the deadline itself, but not while rows are only computed with.
                if (time.GetElapsedTime(startedAt) > ListTooSlowException.SurveyDeadline)
                {
                    throw new ListTooSlowException(ListTooSlowException.SurveyDeadline, inner: null);
                }

                var owner = different[credential.OwnerId];
                foreach (var api in owner.Apis)
                {
                    var (more, less) = (ScopeSet.Empty, ScopeSet.Empty);
                    foreach (var about in Questions(owner.Before, owner.After, credential.Objects))
                    {
                        var now = credential.At(before, owner.Before, before.Resource(api), about);
                        var then = credential.At(after, owner.After, after.Resource(api), about);
                        (more, less) = (more.Union(then.Except(now)), less.Union(now.Except(then)));
                    }

                    gains.Add(credential, owner.Before ?? owner.After!, api, more);
                    loses.Add(credential, owner.Before ?? owner.After!, api, less);
                }
            }
        }

        return (
            new RightsEffect { Gains = gains.ToDifference(), Loses = loses.ToDifference() },
            // A change that only takes rights away cannot give any through concurrent changes. A busy principal can therefore not delay its own demotion.
            widens
                ? new GainsPremise(asOf, looked.ToHashSet(StringComparer.Ordinal), altered)
                : new Premise(asOf, [.. change.Principals.Keys])
        );
    }

    /// <summary>
    /// What is compared before and after a change: the rights on all objects, and those on each of the patterns on which one of the two has roles. A role that
    /// moves to other objects is therefore gained on those and lost on these.
    /// </summary>
    private static IEnumerable<AboutObjects> Questions(
        PrincipalFacts? before,
        PrincipalFacts? after,
        IReadOnlyList<ObjectPattern>? limits = null
    ) =>
        new[] { before, after }
            .OfType<PrincipalFacts>()
            .SelectMany(facts => facts.ObjectRolesOfLine())
            .SelectMany(role => role.Within(limits))
            .DistinctBy(pattern => pattern.ToString(), StringComparer.Ordinal)
            .Select(pattern => AboutObjects.Each([pattern]))
            .Prepend(AboutObjects.None);

    private static bool Widens(Catalog before, Catalog after, PrincipalFacts? was, PrincipalFacts? would, string api) =>
        would is not null
        && would
            .ActsInEach()
            .Any(then =>
                WidensThere((before, then.ActsIn is { } there && there != would.ActsIn ? was?.InEnabled(there) : was), (after, then), api)
            );

    private static bool WidensThere(
        (Catalog Catalog, PrincipalFacts? Principal) before,
        (Catalog Catalog, PrincipalFacts? Principal) after,
        string api
    ) => Questions(before.Principal, after.Principal).Any(about => !Of(after, api, about).Except(Of(before, api, about)).IsEmpty);

    /// <summary>The APIs at which the principal's rights differ, or which differ themselves.</summary>
    /// <param name="before">APIs and roles as they are.</param>
    /// <param name="after">As they would be.</param>
    /// <param name="principal">The principal as it is, and as it would be.</param>
    /// <param name="altered">The differences in the catalog.</param>
    /// <param name="apis">The APIs to compare; <c>null</c> = all.</param>
    private static List<string> Different(
        Catalog before,
        Catalog after,
        (PrincipalFacts? Was, PrincipalFacts? Would) principal,
        CatalogDifference altered,
        IReadOnlyCollection<string>? apis
    ) =>
        [
            .. (apis ?? before.Resources.Concat(after.Resources).Select(api => api.Identifier).Distinct(StringComparer.Ordinal)).Where(
                api => altered.Resources.Contains(api) || Differ((before, principal.Was), (after, principal.Would), api)
            ),
        ];

    private static ScopeSet Of((Catalog Catalog, PrincipalFacts? Principal) at, string api, AboutObjects about) =>
        at.Principal is { } principal && at.Catalog.Resource(api) is { } resource
            ? Rights.Of(at.Catalog, principal, resource, about)
            : ScopeSet.Empty;

    /// <summary>Whether the principal's rights differ, everywhere or in an organization.</summary>
    private static bool Differ(
        (Catalog Catalog, PrincipalFacts? Principal) before,
        (Catalog Catalog, PrincipalFacts? Principal) after,
        string api
    )
    {
        var (was, would) = (before.Principal?.Memberships ?? [], after.Principal?.Memberships ?? []);
        return DifferThere(before, after, api)
            || was.Concat(would)
                .Select(member => member.OrganizationId)
                .Distinct(StringComparer.Ordinal)
                .Any(organization => DifferThere(There(before, organization), There(after, organization), api));

        static (Catalog Catalog, PrincipalFacts? Principal) There((Catalog Catalog, PrincipalFacts? Principal) at, string organization) =>
            (at.Catalog, at.Principal?.InEnabled(organization));
    }

    private static bool DifferThere(
        (Catalog Catalog, PrincipalFacts? Principal) before,
        (Catalog Catalog, PrincipalFacts? Principal) after,
        string api
    ) => Questions(before.Principal, after.Principal).Any(about => !Of(before, api, about).Equals(Of(after, api, about)));

    /// <summary>Principals that hold a role that differs, or have any right at an API that differs.</summary>
    private static async Task<List<string>> AffectedAsync(DbConnection connection, Catalog before, Catalog after, CatalogDifference altered)
    {
        if (altered.IsEmpty)
        {
            return [];
        }

        var roles = altered.Roles.Append("").ToArray();
        var ids = (
            await connection.QueryAsync<string>(
                $"SELECT principal_id FROM principal_roles WHERE {Dialect.Of(connection).In("role_id", "@roles")} "
                    + $"UNION SELECT principal_id FROM organization_members WHERE {Dialect.Of(connection).In("role_id", "@roles")} "
                    + $"UNION SELECT principal_id FROM object_roles WHERE {Dialect.Of(connection).In("role_id", "@roles")}",
                new { roles }
            )
        ).ToList();
        if (altered.Resources.Count > 0)
        {
            var besides = await connection.QueryAsync<PrincipalRow>(
                $"SELECT {PrincipalRow.Columns} FROM principals WHERE permissions IS NOT NULL AND deleted_at IS NULL"
            );
            ids.AddRange(besides.Where(Mentions).Select(row => row.Id));
        }

        return ids;

        bool Mentions(PrincipalRow row) =>
            GrantSet.OfNullable(row.Permissions) is var grants && (altered.Mentions(before, grants) || altered.Mentions(after, grants));
    }

    private sealed class Side
    {
        /// <summary>The first by their ids, so that the result does not depend on the store's order.</summary>
        private readonly SortedSet<CredentialDifference> items = new(Comparer<CredentialDifference>.Create(Compare));

        private long count;

        public void Add(CredentialRights credential, PrincipalFacts owner, string api, ScopeSet scopes)
        {
            if (scopes.IsEmpty)
            {
                return;
            }

            count++;
            if (items.Count == MostListed && string.CompareOrdinal(credential.Id, items.Max!.CredentialId) > 0)
            {
                return;
            }

            items.Add(
                new CredentialDifference(credential.Id, credential.Kind, new CredentialOwner(owner.Type, owner.Id), api, [.. scopes])
            );
            if (items.Count > MostListed)
            {
                items.Remove(items.Max!);
            }
        }

        public RightsDifference ToDifference() => new(count, [.. items]);

        private static int Compare(CredentialDifference one, CredentialDifference other) =>
            string.CompareOrdinal(one.CredentialId, other.CredentialId) is not 0 and var order
                ? order
                : string.CompareOrdinal(one.Api, other.Api);
    }
}
