using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>A means besides secrets by which an application authenticates. Its content and its state are in its <see cref="CredentialFacts"/>.</summary>
/// <param name="Id">The credential's public id.</param>
/// <param name="Kind">One of <see cref="CredentialKind"/>.</param>
/// <param name="KeyId">Its name among its owner's.</param>
/// <param name="Masked">For a public key: its RFC 7638 thumbprint.</param>
public sealed record ClientKey(string Id, string Kind, string? KeyId, string Masked);

/// <summary>
/// Per application: its unrevoked public keys, certificates and federated identities. A client can cause a look-up by naming the application, so its cost
/// must not grow with their number. Only the newest <see cref="MostOfKind"/> of a kind are listed, older ones are found by name alone, and facts are loaded
/// only for the requested one.
/// </summary>
public sealed class ClientKeyCache
{
    /// <summary>
    /// How many are listed per application and kind. More than may be registered (<see cref="CredentialFamily"/> caps), since renewals and stores older than
    /// the cap may have more.
    /// </summary>
    public const int MostOfKind = 200;

    /// <summary>How many are listed for all applications together; each application counts as one more.</summary>
    private const int MostListed = 100_000;

    private static readonly string ListSql = string.Join(
        " UNION ALL ",
        new[] { CredentialKind.PublicKey, CredentialKind.Certificate, CredentialKind.FederatedIdentity }.Select(kind =>
            $"SELECT * FROM (SELECT {Columns} FROM credentials WHERE owner_id = @applicationId AND kind = '{kind}' AND {Usable} "
            + $"ORDER BY id DESC LIMIT {MostOfKind}) AS {kind}"
        )
    );

    private const string Columns = "id, kind, key_id, masked";

    /// <summary>Same condition as the index <c>credentials_registered</c>.</summary>
    private const string Usable = "material IS NOT NULL AND state <> 'revoked'";

    private readonly Database database;
    private readonly CredentialCache credentials;
    private readonly FactsCache<IReadOnlyList<ClientKey>> lists;

    public ClientKeyCache(Database database, CredentialCache credentials, ChangeHub hub, Freshness freshness)
    {
        this.database = database;
        this.credentials = credentials;
        lists = new(ListAsync, freshness, MostListed, keys => 1 + keys.Count);
        hub.Subscribe(ChangeKind.ClientKeys, lists.Invalidate, lists.Clear);
    }

    public FactsCacheCounts Counts => lists.Counts;

    /// <summary>The one of a kind that has this name, whether or not it is listed.</summary>
    public async ValueTask<CredentialFacts?> FindAsync(string applicationId, string kind, string keyId)
    {
        var listed = await KeysAsync(applicationId, kind);
        var id =
            listed.Find(key => key.KeyId == keyId)?.Id
            ?? (listed.Count == MostOfKind ? await FindIdAsync(applicationId, kind, keyId) : null);
        return id is null ? null : await UnrevokedAsync(id);
    }

    /// <summary>The only one of a kind; <c>null</c> if there is another.</summary>
    public async ValueTask<CredentialFacts?> OnlyAsync(string applicationId, string kind) =>
        await KeysAsync(applicationId, kind) is [var only] ? await UnrevokedAsync(only.Id) : null;

    /// <summary>Those listed of a kind that match the condition, oldest first.</summary>
    public async ValueTask<List<CredentialFacts>> WhereAsync(string applicationId, string kind, Predicate<ClientKey> holds)
    {
        var found = new List<CredentialFacts>();
        foreach (var key in await KeysAsync(applicationId, kind))
        {
            if (holds(key) && await UnrevokedAsync(key.Id) is { } facts)
            {
                found.Add(facts);
            }
        }

        return found;
    }

    private async ValueTask<List<ClientKey>> KeysAsync(string applicationId, string kind) =>
        (await lists.GetAsync(applicationId) ?? []).Where(key => key.Kind == kind).ToList();

    private async ValueTask<CredentialFacts?> UnrevokedAsync(string id) =>
        await credentials.GetAsync(id) is { Revoked: false } facts ? facts : null;

    private Task<string?> FindIdAsync(string applicationId, string kind, string keyId) =>
        database.ReadAsync(connection =>
            connection.QueryFirstOrDefaultAsync<string>(
                "SELECT id FROM credentials WHERE owner_id = @applicationId AND kind = @kind AND key_id = @keyId AND state <> 'revoked'",
                new
                {
                    applicationId,
                    kind,
                    keyId,
                }
            )
        );

    /// <summary>Never <c>null</c>, so that the cache also remembers that an application has none.</summary>
    private Task<IReadOnlyList<ClientKey>?> ListAsync(string applicationId) =>
        database.ReadAsync<IReadOnlyList<ClientKey>?>(async connection =>
        {
            var keys = await connection.QueryAsync<ClientKey>(ListSql, new { applicationId });
            return [.. keys.OrderBy(key => key.Id, StringComparer.Ordinal)];
        });
}
