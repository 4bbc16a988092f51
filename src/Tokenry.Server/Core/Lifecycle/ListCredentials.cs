using System.Text;
using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>Lists and shows credentials, with filters for auditors. The newest comes last, because ids sort by time.</summary>
public sealed class ListCredentials(Gate gate, TimeProvider time)
{
    public static readonly string[] Filters =
    [
        "owner",
        "organization",
        "kind",
        "api",
        "state",
        "created_before",
        "unused_since",
        "expires_before",
        "due_before",
        "weakness",
        "expires",
        "revoked_since",
    ];

    /// <summary>The filters below a route that names the owner.</summary>
    public static readonly string[] FiltersBelowOwner = Filters[1..];

    /// <summary>As many ids are collected before a list.</summary>
    private const int Few = 2_000;

    private static readonly string[] States = ["active", CredentialRow.PendingApproval, "scheduled", "disabled", "expired", "revoked"];

    /// <param name="caller">The caller.</param>
    /// <param name="families">Which kinds; the list of all takes all of them.</param>
    /// <param name="ownerId">The owner, below an owner's route; <c>null</c> = the <c>owner</c> filter decides, or all owners.</param>
    /// <param name="listing">Limit, cursor, filters.</param>
    public async Task<Page<Credential>> RunAsync(Caller caller, IReadOnlyList<CredentialFamily> families, string? ownerId, Listing listing)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var shown = Readable(caller, families);
        return await gate.ReadManyAsync(
            caller,
            families.Count == 1 ? shown[0].ReadOnlyThese : shown[0].Read,
            "credentials.listed",
            async read =>
            {
                var ofUser = families[0] == CredentialFamily.PersonalAccessTokens;
                if (ownerId is not null && !(ofUser && ownerId == caller.Principal.Id))
                {
                    // If the owner does not exist or is out of reach, the collection is not found rather than empty.
                    await PrincipalStore.ShowAsync(
                        read.Connection,
                        ofUser ? PrincipalType.User : PrincipalType.Application,
                        ownerId,
                        read.Reach
                    );
                }

                var (where, parameters) = Filter(read, listing, shown, ownerId ?? listing.Id("owner", "usr", "app"), now);
                return await PageAsync(read, listing, where, parameters, now);
            }
        );
    }

    /// <summary>
    /// Lists the credentials that one credential made, directly or through others, as far as the caller may see them. The members <c>created_with</c> form a
    /// tree.
    /// </summary>
    /// <param name="caller">The caller.</param>
    /// <param name="id">The credential.</param>
    /// <param name="listing">Limit, cursor, filters.</param>
    public async Task<Page<Credential>> DescendantsAsync(Caller caller, string id, Listing listing)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var family = CredentialFamily.OfId(id);
        var shown = Readable(caller, CredentialFamily.All);
        return await gate.ReadManyAsync(
            caller,
            family.Read,
            "credential.descendants_read",
            async read =>
            {
                await new CredentialAddress(family, id).FindAsync(read.Connection, read.Reach);
                var (where, parameters) = Filter(read, listing, shown, listing.Id("owner", "usr", "app"), now);
                parameters.Add("id", id);
                return await PageAsync(read, listing, $"{where} AND c.id IN ({LineageStore.Descendants})", parameters, now);
            }
        );
    }

    public Task<Credential> ShowAsync(Caller caller, CredentialAddress address) => ShowAsync(caller, address.Family.ReadOnlyThese, address);

    /// <summary>Shows the calling credential itself; this needs no scope.</summary>
    public Task<Credential> ShowOwnAsync(Caller caller, CredentialAddress address) => ShowAsync(caller, demand: null, address);

    private Task<Credential> ShowAsync(Caller caller, Demand? demand, CredentialAddress address) =>
        gate.ReadOneAsync(
            caller,
            demand,
            $"{address.Family.Noun}.read",
            async read =>
            {
                var row = await address.FindAsync(read.Connection, read.Reach);
                return row.ToCredential(read.Catalog, time.GetUtcNow().ToUnixTimeMilliseconds());
            }
        );

    /// <summary>
    /// Without <c>credentials:read</c> each kind needs the scope for the caller's own credentials of that kind. A caller may hold only some of these scopes.
    /// </summary>
    private static IReadOnlyList<CredentialFamily> Readable(Caller caller, IReadOnlyList<CredentialFamily> families)
    {
        if (caller.OrganizationId is not null && families.Count > 1)
        {
            // Those of the organization, or else the caller's own there.
            var there = families.Where(family => caller.Management.Contains(family.Read.OrganizationScope!)).ToList();
            return there.Count > 0 ? there : [CredentialFamily.PersonalAccessTokens];
        }

        var readable = families.Where(family => caller.Management.Contains(family.OwnScope)).ToList();
        return readable.Count == 0 || caller.Management.Contains(ManagementApi.CredentialsRead) ? families : readable;
    }

    private static async Task<Page<Credential>> PageAsync(
        ReadContext read,
        Listing listing,
        string where,
        DynamicParameters parameters,
        long now
    )
    {
        var few = await FewAsync(read, listing, parameters);
        var rows = await read.Connection.QueryAsync<CredentialRow>(
            $"{CredentialRow.Select} WHERE {where}{few} ORDER BY c.id LIMIT @limit",
            parameters
        );
        return listing.ToPage([.. rows], row => row.ToCredential(read.Catalog, now), row => row.Id);
    }

    /// <summary>
    /// The list is in the order of ids, and filters by time have indexes in another. Where few match, their ids are collected first; where many do, the list
    /// meets enough of them as it goes (which is why the conditions of <see cref="Filter"/> are such that no planner goes by the index).
    /// </summary>
    private static async Task<string> FewAsync(ReadContext read, Listing listing, DynamicParameters parameters)
    {
        var condition =
            listing.Time("due_before") is not null ? "due_at < @due AND state = 'active'"
            : listing.Time("expires_before") is not null ? "expires_at < @before"
            : listing.Time("created_before") is not null ? "created_at < @created"
            : listing.Time("unused_since") is not null ? "created_at < @unused"
            : listing.Text("state") == "expired" ? "expires_at <= @now"
            : null;
        if (condition is null)
        {
            return "";
        }

        parameters.Add("few", Few + 1L);
        var found = await read.Connection.ExecuteScalarAsync<long>(
            $"SELECT count(*) FROM (SELECT 1 FROM credentials WHERE {condition} LIMIT @few) AS counted",
            parameters
        );
        return found > Few ? "" : $" AND c.id IN (SELECT id FROM credentials WHERE {condition})";
    }

    private static (string Where, DynamicParameters Parameters) Filter(
        ReadContext read,
        Listing listing,
        IReadOnlyList<CredentialFamily> families,
        string? ownerId,
        long now
    )
    {
        var (connection, _, reach, catalog) = read;
        var dialect = Dialect.Of(connection);
        var kinds = families.SelectMany(family => family.Kinds).ToArray();
        var where = new StringBuilder(dialect.In("c.kind", "@kinds"));
        var parameters = new DynamicParameters();
        var kind = listing.OneOf("kind", kinds);
        parameters.Add("kinds", kind is null ? kinds : [kind]);
        if (kind is not null && families.Count > 1)
        {
            // Ids of a kind are together, so the list need not pass those of all others.
            var prefix = CredentialFamily.Of(kind).IdPrefix;
            where.Append(" AND c.id >= @first AND c.id < @end");
            parameters.Add("first", $"{prefix}_");
            parameters.Add("end", $"{prefix}`");
        }

        parameters.Add("limit", listing.Limit + 1);
        parameters.Add("now", now);
        if (listing.IdCursor([.. families.Select(family => family.IdPrefix)]) is { } cursor)
        {
            where.Append(" AND c.id > @cursor");
            parameters.Add("cursor", cursor);
        }

        if (ownerId is not null)
        {
            where.Append(" AND c.owner_id = @ownerId");
            parameters.Add("ownerId", ownerId);
        }

        if (reach.OwnOf is { } own)
        {
            where.Append($" AND c.owner_id IN ({OwnerLine.Of("@own")})");
            parameters.Add("own", own);
        }

        if ((reach.Organization ?? listing.Id("organization", "org")) is { } organization)
        {
            where.Append($" AND c.id IN ({CredentialStore.OfOrganization("@organization")})");
            parameters.Add("organization", organization);
        }

        if (listing.OneOf("state", States) is { } state)
        {
            where.Append(
                state switch
                {
                    "active" =>
                        " AND c.state = 'active' AND (c.expires_at IS NULL OR c.expires_at > @now) AND (c.not_before IS NULL OR c.not_before <= @now)",
                    "scheduled" => " AND c.state = 'active' AND (c.expires_at IS NULL OR c.expires_at > @now) AND c.not_before > @now",
                    "expired" => " AND (c.state = 'active' OR (c.state = 'disabled' AND v.state = 'pending')) AND c.expires_at + 0 <= @now",
                    CredentialRow.PendingApproval =>
                        " AND c.id IN (SELECT credential_id FROM approvals WHERE state = 'pending') AND c.state = 'disabled' AND v.state = 'pending' AND (c.expires_at IS NULL OR c.expires_at > @now)",
                    "disabled" => " AND c.state = 'disabled' AND c.state <> 'active' AND (v.state IS NULL OR v.state <> 'pending')",
                    _ => " AND c.state = @state AND c.state <> 'active'",
                }
            );
            parameters.Add("state", state);
        }

        if (listing.Time("created_before") is { } created)
        {
            where.Append(" AND c.created_at + 0 < @created");
            parameters.Add("created", created.ToUnixTimeMilliseconds());
        }

        if (listing.Time("unused_since") is { } unused)
        {
            where.Append(" AND (u.last_used_at IS NULL OR u.last_used_at < @unused) AND c.created_at + 0 < @unused");
            parameters.Add("unused", unused.ToUnixTimeMilliseconds());
        }

        if (listing.Time("expires_before") is { } before)
        {
            where.Append(" AND c.expires_at + 0 < @before");
            parameters.Add("before", before.ToUnixTimeMilliseconds());
        }

        if (listing.Time("due_before") is { } due)
        {
            where.Append(" AND c.due_at + 0 < @due AND c.state = 'active'");
            parameters.Add("due", due.ToUnixTimeMilliseconds());
        }

        if (listing.OneOf("expires", "never") is not null)
        {
            where.Append(" AND c.expires_at IS NULL");
        }

        if (listing.Time("revoked_since") is { } revoked)
        {
            where.Append(" AND c.state = 'revoked' AND c.revoked_at >= @revoked");
            parameters.Add("revoked", revoked.ToUnixTimeMilliseconds());
        }

        if (listing.OneOf("weakness", [CredentialWeakness.PermissionsFollowOwner]) is not null)
        {
            where.Append(" AND c.permissions IS NULL AND c.kind IN ('api_key', 'personal_access_token')");
        }

        if (listing.Text("api") is { } api)
        {
            // A credential opens an API if it names the API. If it names none, its owner must have the API. A client authentication credential buys tokens
            // for all that its owner may do.
            var resource = catalog.Resource(api);
            var roles = catalog
                .Roles.Where(role => resource is not null && !role.Permissions.At(resource).IsEmpty)
                .Select(role => role.Id)
                .Append("")
                .ToArray();
            where.Append(
                " AND (replace(c.permissions, @mark, '') <> c.permissions OR (c.permissions IS NULL AND c.kind <> 'anonymous_api_key' AND (c.kind IN ('client_secret', 'public_key', 'certificate', 'federated_identity') OR @isOther = 1) "
                    + "AND (replace(p.permissions, @mark, '') <> p.permissions "
                    + $"OR EXISTS (SELECT 1 FROM principal_roles r WHERE r.principal_id = c.owner_id AND {dialect.In("r.role_id", "@roles")}) "
                    + $"OR EXISTS (SELECT 1 FROM object_roles r WHERE r.principal_id = c.owner_id AND {dialect.In("r.role_id", "@roles")} "
                    + "AND (r.organization_id = '' OR r.organization_id = coalesce(p.organization_id, c.organization_id) "
                    + "OR c.kind IN ('client_secret', 'public_key', 'certificate', 'federated_identity'))) "
                    + "OR EXISTS (SELECT 1 FROM organization_members r WHERE r.principal_id = c.owner_id "
                    + "AND (c.kind IN ('client_secret', 'public_key', 'certificate', 'federated_identity') OR r.organization_id = coalesce(p.organization_id, c.organization_id)) "
                    + $"AND {dialect.In("r.role_id", "@roles")}))))"
            );
            // The query uses replace because it compares bytes on both engines; LIKE of SQLite ignores case.
            parameters.Add("mark", StoredGrant.Mark(resource?.Id ?? ""));
            parameters.Add("isOther", api == ManagementApi.Identifier ? 0L : 1L);
            parameters.Add("roles", roles);
        }

        return (where.ToString(), parameters);
    }
}
