namespace Tokenry.Protocol.Api;

/// <summary>Values of <see cref="Credential.Weaknesses"/>.</summary>
public static class CredentialWeakness
{
    /// <summary>Its permissions are <c>owner</c>: it grows with every right its owner is given.</summary>
    public const string PermissionsFollowOwner = "permissions_follow_owner";
}
