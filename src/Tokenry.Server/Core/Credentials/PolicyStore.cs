using System.Data.Common;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>SQL of policies.</summary>
public static class PolicyStore
{
    /// <summary>The owner of the policy of the server, in the store and in answers.</summary>
    public const string Server = "server";

    private const string IsLive = "state = 'active' AND (expires_at IS NULL OR expires_at > @now)";

    /// <summary>The policies that bind credentials of an organization, or only that of the server.</summary>
    /// <param name="store">A mutation that is judged by them also stands on them, by the ids of their owners.</param>
    /// <param name="organizationId">The organization; <c>null</c> = none.</param>
    public static Task<CredentialPolicies> OfAsync(StoreReader store, string? organizationId) =>
        OfAsync(store, organizationId is null ? [] : [organizationId]);

    /// <summary>The policies that bind a credential that acts in these organizations.</summary>
    /// <inheritdoc cref="OfAsync(StoreReader, string)"/>
    public static async Task<CredentialPolicies> OfAsync(StoreReader store, IReadOnlyList<string> organizations)
    {
        string[] owners = [Server, .. organizations];
        var rows = await store.QueryAsync<Row>(
            $"SELECT owner, rules FROM policies WHERE {store.Dialect.In("owner", "@owners")}",
            new { owners }
        );
        return new([.. rows.OrderBy(row => row.Owner != Server).Select(row => new OwnedRules(row.Owner, row.Read()))]);
    }

    /// <summary>The rules of one policy, locked until COMMIT. The caller has locked the organization.</summary>
    public static async Task<PolicyRules> HoldAsync(WriteTransaction tx, string owner) =>
        await tx.FirstOrDefaultAsync<Row>(
            $"SELECT owner, rules FROM policies WHERE owner = @owner{tx.Dialect.ForUpdate("policies")}",
            new { owner }
        )
            is { } row
            ? row.Read()
            : new();

    public static Task SetAsync(WriteTransaction tx, string owner, PolicyRules rules)
    {
        tx.Changed(ChangeKind.Policy, owner);
        return tx.ExecuteAsync(
            "INSERT INTO policies (owner, rules) VALUES (@owner, @rules) ON CONFLICT (owner) DO UPDATE SET rules = excluded.rules",
            new { owner, rules = JsonColumn.Write(rules) }
        );
    }

    /// <summary>Deletes the policy of an organization that is deleted.</summary>
    public static Task DeleteAsync(WriteTransaction tx, string owner) =>
        tx.ExecuteAsync("DELETE FROM policies WHERE owner = @owner", new { owner });

    /// <summary>How many live personal access tokens a user has. The count stops at <paramref name="most"/>.</summary>
    /// <param name="tx">The transaction. It holds the count of the user's credentials, so that two mutations cannot both find room.</param>
    /// <param name="userId">The user.</param>
    /// <param name="organizationId">Only those that act in this organization; <c>null</c> = all.</param>
    /// <param name="now">Unix ms.</param>
    /// <param name="most">Where the count stops.</param>
    internal static Task<long> LiveTokensAsync(WriteTransaction tx, string userId, string? organizationId, long now, int most) =>
        tx.FirstOrDefaultAsync<long>(
            $"""
            SELECT count(*) FROM (SELECT 1 FROM credentials WHERE owner_id = @userId AND kind = '{CredentialKind.PersonalAccessToken}' AND {IsLive}
              {(organizationId is null ? "" : $"AND {ActsThere("")}")} LIMIT @most) AS counted
            """,
            new
            {
                userId,
                organizationId,
                mark = StoredGrant.MarkOf(organizationId ?? ""),
                now,
                most,
            }
        );

    /// <summary>The live credentials of an application, locked until COMMIT. The caller has locked the application.</summary>
    internal static Task<IReadOnlyList<LiveCredential>> HoldLiveOfAsync(WriteTransaction tx, string applicationId, long now) =>
        tx.QueryAsync<LiveCredential>(
            $"SELECT id, kind, expires_at, terms FROM credentials WHERE owner_id = @applicationId AND {IsLive} ORDER BY id"
                + tx.Dialect.ForUpdate("credentials"),
            new { applicationId, now }
        );

    /// <summary>Live credentials in the order of their ids.</summary>
    /// <param name="connection">Reads them.</param>
    /// <param name="organizationId">Only those that act in this organization; <c>null</c> = all.</param>
    /// <param name="after">The id before the first.</param>
    /// <param name="now">Unix ms.</param>
    /// <param name="limit">How many.</param>
    public static Task<IReadOnlyList<LiveCredential>> LiveAsync(
        DbConnection connection,
        string? organizationId,
        string? after,
        long now,
        int limit
    )
    {
        var there = organizationId is null ? "" : $" AND {ActsThere("o.")}";
        var within = organizationId is null
            ? ""
            : $" AND c.id IN ({CredentialStore.OfOrganization("@organizationId")} UNION ALL {CredentialStore.Naming("@organizationId", "@mark")})";
        return ((StoreReader)connection).QueryAsync<LiveCredential>(
            $"""
            SELECT c.id, c.kind, c.name, c.owner_id, p.type AS owner_type, coalesce(p.organization_id, c.organization_id) AS organization_id, c.expires_at, c.terms,
              CASE WHEN c.kind = '{CredentialKind.PersonalAccessToken}' THEN (SELECT count(*) FROM credentials o WHERE o.owner_id = c.owner_id
                AND o.kind = c.kind AND o.state = 'active' AND (o.expires_at IS NULL OR o.expires_at > @now) AND o.id < c.id{there}) ELSE 0 END AS older
            FROM credentials c JOIN principals p ON p.id = c.owner_id
            WHERE c.state = 'active' AND (c.expires_at IS NULL OR c.expires_at > @now){(
                after is null ? "" : " AND c.id > @after"
            )}{within} ORDER BY c.id LIMIT @limit
            """,
            new
            {
                organizationId,
                mark = StoredGrant.MarkOf(organizationId ?? ""),
                after,
                now,
                limit,
            }
        );
    }

    /// <summary>Whether a personal access token acts in the organization: it was made for that one, or names it among others.</summary>
    private static string ActsThere(string alias) =>
        $"({alias}organization_id = @organizationId OR replace({alias}permissions, @mark, '') <> {alias}permissions)";

    private sealed class Row
    {
        public string Owner { get; init; } = "";

        public string Rules { get; init; } = "";

        public PolicyRules Read() => JsonColumn.Read<PolicyRules>(Rules);
    }
}

/// <summary>A live credential, as far as policies look at it.</summary>
public sealed class LiveCredential
{
    public string Id { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Name { get; init; } = "";

    public string OwnerId { get; init; } = "";

    public string OwnerType { get; init; } = "";

    public string? OrganizationId { get; init; }

    public long? ExpiresAt { get; init; }

    /// <summary>Its <see cref="CredentialTerms"/> as JSON.</summary>
    public string? Terms { get; init; }

    /// <summary>For a personal access token: how many live ones of its user are older.</summary>
    public long Older { get; init; }

    public JudgedCredential Judged()
    {
        var terms = CredentialTerms.Read(Terms);
        return new(
            Kind,
            ExpiresAt is { } end ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null,
            terms.AllowedIps,
            terms.Recoverable == true
        );
    }
}
