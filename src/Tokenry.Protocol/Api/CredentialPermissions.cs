using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>
/// What a credential may do at most: a list of <see cref="Permission"/>, or the text <c>owner</c>, which stands for all that its owner may do at other
/// APIs than Tokenry's own, now and later.
/// </summary>
[JsonConverter(typeof(CredentialPermissionsConverter))]
public sealed class CredentialPermissions
{
    /// <summary>How JSON spells <see cref="Owner"/>.</summary>
    public const string OwnerText = "owner";

    /// <summary>Grows with the owner's rights.</summary>
    public static readonly CredentialPermissions Owner = new();

    /// <summary>Just these.</summary>
    public CredentialPermissions(IReadOnlyList<Permission> named)
    {
        ArgumentNullException.ThrowIfNull(named);
        Named = named;
    }

    private CredentialPermissions() { }

    /// <summary>What is named; <c>null</c> where it follows its owner.</summary>
    public IReadOnlyList<Permission>? Named { get; }

    /// <inheritdoc/>
    public override string ToString() => Named is null ? OwnerText : $"{Named.Count} APIs";
}
