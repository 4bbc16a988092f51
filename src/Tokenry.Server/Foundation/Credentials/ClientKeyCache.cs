using Dapper;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Credentials;

/// <summary>One of the things an application authenticates with besides secrets; what it is and whether it is good stands in its <see cref="CredentialFacts"/>.</summary>
/// <param name="Id">The credential's public id.</param>
/// <param name="Kind">Of <see cref="Protocol.Api.CredentialKind"/>.</param>
/// <param name="KeyId">What names it among its owner's.</param>
public sealed record ClientKey(string Id, string Kind, string? KeyId);

/// <summary>
/// By application: its public keys, certificates and federated identities. A list changes only when one is added; whether one was revoked since is
/// among its facts.
/// </summary>
public sealed class ClientKeyCache
{
    private readonly FactsCache<IReadOnlyList<ClientKey>> cache;

    public ClientKeyCache(Database database, ChangeHub hub, Freshness freshness)
    {
        cache = new(applicationId => LoadAsync(database, applicationId), freshness, capacity: 100_000);
        hub.Subscribe(ChangeKind.ClientKeys, cache.Invalidate, cache.Clear);
    }

    public FactsCacheCounts Counts => cache.Counts;

    /// <summary>
    /// Those of some kinds that are not revoked, oldest first; whether they are good otherwise is asked about the one that proves something.
    /// </summary>
    public async ValueTask<List<CredentialFacts>> OfAsync(string applicationId, CredentialCache credentials, params string[] kinds)
    {
        var found = new List<CredentialFacts>();
        foreach (var key in await cache.GetAsync(applicationId) ?? [])
        {
            if (kinds.Contains(key.Kind) && await credentials.GetAsync(key.Id) is { Revoked: false } facts)
            {
                found.Add(facts);
            }
        }

        return found;
    }

    private static Task<IReadOnlyList<ClientKey>?> LoadAsync(Database database, string applicationId) =>
        database.ReadAsync<IReadOnlyList<ClientKey>?>(async connection =>
        {
            var keys = await connection.QueryAsync<ClientKey>(
                "SELECT id, kind, key_id FROM credentials WHERE owner_id = @applicationId "
                    + "AND kind IN ('public_key', 'certificate', 'federated_identity') AND state <> 'revoked' ORDER BY id",
                new { applicationId }
            );
            return keys.AsList() is { Count: > 0 } found ? found : null;
        });
}
