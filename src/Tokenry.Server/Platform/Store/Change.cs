namespace Tokenry.Server.Platform.Store;

/// <summary>What a mutation touched, so that caches of it are dropped; kinds are <see cref="ChangeKind"/>.</summary>
public sealed record Change(string Kind, string Id)
{
    /// <summary>Finds the sequence number of the newest; 0 where there is none.</summary>
    public const string SelectNewest = "SELECT coalesce(max(seq), 0) FROM changes";

    /// <summary>
    /// Changes that every replica has read: replicas poll twice a second, and one that did not for an hour clears its caches
    /// (<see cref="PostgresChangeFeed"/>). The newest row stays: the sequence goes on from its number.
    /// </summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM changes WHERE seq IN (SELECT seq FROM changes WHERE at < @before AND seq < (SELECT max(seq) FROM changes) ORDER BY seq LIMIT @step)",
        TimeSpan.FromHours(1)
    );
}

/// <summary>The kinds of thing that caches hold.</summary>
public static class ChangeKind
{
    /// <summary>API resources and roles, which are cached as one snapshot.</summary>
    public const string Catalog = "catalog";

    /// <summary>A user or application.</summary>
    public const string Principal = "principal";

    /// <summary>One opaque credential.</summary>
    public const string Credential = "credential";

    /// <summary>What an application authenticates with besides secrets: a key, a certificate or an identity was added.</summary>
    public const string ClientKeys = "client_keys";

    /// <summary>A revoked access token's <c>jti</c>.</summary>
    public const string AccessToken = "access_token";

    /// <summary>A key that signs access tokens.</summary>
    public const string SigningKey = "signing_key";

    /// <summary>Which versions of pepper and key-encryption key are in use.</summary>
    public const string KeyRing = "key_ring";
}
