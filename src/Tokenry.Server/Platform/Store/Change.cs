namespace Tokenry.Server.Platform.Store;

/// <summary>A thing that a mutation changed, so that caches drop it; kinds are <see cref="ChangeKind"/>.</summary>
public sealed record Change(string Kind, string Id)
{
    /// <summary>Finds the sequence number of the newest change; 0 if there is none.</summary>
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
    /// <summary>API resources and roles, cached together as one snapshot.</summary>
    public const string Catalog = "catalog";

    /// <summary>A user or application.</summary>
    public const string Principal = "principal";

    /// <summary>An organization.</summary>
    public const string Organization = "organization";

    /// <summary>The policy of the server or of an organization. No cache holds it: mutations read it and stand on it (<see cref="Premise"/>).</summary>
    public const string Policy = "policy";

    /// <summary>One opaque credential.</summary>
    public const string Credential = "credential";

    /// <summary>The keys, certificates and federated identities with which an application authenticates: one was added.</summary>
    public const string ClientKeys = "client_keys";

    /// <summary>The <c>jti</c> of a revoked access token.</summary>
    public const string AccessToken = "access_token";

    /// <summary>A key that signs access tokens.</summary>
    public const string SigningKey = "signing_key";

    /// <summary>A session of a person: it ended.</summary>
    public const string Session = "session";

    /// <summary>The versions of pepper and key-encryption key in use.</summary>
    public const string KeyRing = "key_ring";
}
