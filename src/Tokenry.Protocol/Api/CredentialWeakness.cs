namespace Tokenry.Protocol.Api;

/// <summary>Values of <see cref="Credential.Weaknesses"/>.</summary>
public static class CredentialWeakness
{
    /// <summary>Its permissions are <c>owner</c>: it gains every right that its owner gains.</summary>
    public const string PermissionsFollowOwner = "permissions_follow_owner";
}
