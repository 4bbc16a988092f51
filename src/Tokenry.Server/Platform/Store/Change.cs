namespace Tokenry.Server.Platform.Store;

/// <summary>What a mutation touched, so that caches of it are dropped; kinds are <see cref="ChangeKind"/>.</summary>
public sealed record Change(string Kind, string Id)
{
    /// <summary>Finds the sequence number of the newest; 0 where there is none.</summary>
    public const string SelectNewest = "SELECT coalesce(max(seq), 0) FROM changes";
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
