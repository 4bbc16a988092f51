using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>
/// The upper limit of what a credential may do: a list of <see cref="Permission"/>, or the text <c>owner</c>. <c>owner</c> means all that its owner may do at
/// APIs other than Tokenry's own, now and later.
/// </summary>
[JsonConverter(typeof(CredentialPermissionsConverter))]
public sealed class CredentialPermissions
{
    /// <summary>The value of <see cref="Owner"/> in JSON.</summary>
    public const string OwnerText = "owner";

    /// <summary>Follows the owner's rights.</summary>
    public static readonly CredentialPermissions Owner = new();

    /// <summary>Exactly these permissions.</summary>
    public CredentialPermissions(IReadOnlyList<Permission> named)
    {
        ArgumentNullException.ThrowIfNull(named);
        Named = named;
    }

    private CredentialPermissions() { }

    /// <summary>The list; <c>null</c> if the permissions follow the owner.</summary>
    public IReadOnlyList<Permission>? Named { get; }

    /// <inheritdoc/>
    public override string ToString() => Named is null ? OwnerText : $"{Named.Count} APIs";
}
