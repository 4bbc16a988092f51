namespace Tokenry.Server.Platform.Store;

/// <summary>A thing that a mutation changed, so that caches drop it; kinds are <see cref="ChangeKind"/>.</summary>
public sealed record Change(string Kind, string Id)
{
    /// <summary>Finds the sequence number of the newest change; 0 if there is none.</summary>
    public const string SelectNewest = "SELECT coalesce(max(seq), 0) FROM changes";
}

/// <summary>The kinds of thing that caches hold.</summary>
public static class ChangeKind
{
    /// <summary>API resources and roles, cached together as one snapshot.</summary>
    public const string Catalog = "catalog";

    /// <summary>A user or application.</summary>
    public const string Principal = "principal";

    /// <summary>One opaque credential.</summary>
    public const string Credential = "credential";

    /// <summary>The keys, certificates and federated identities with which an application authenticates: one was added.</summary>
    public const string ClientKeys = "client_keys";

    /// <summary>The <c>jti</c> of a revoked access token.</summary>
    public const string AccessToken = "access_token";

    /// <summary>A key that signs access tokens.</summary>
    public const string SigningKey = "signing_key";

    /// <summary>The versions of pepper and key-encryption key in use.</summary>
    public const string KeyRing = "key_ring";
}
