using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>What prevents a deletion: how many of each kind, and the ids of some.</summary>
public sealed record UsedBy
{
    /// <summary>Roles that grant a scope of the API resource.</summary>
    public required UsedByIds Roles { get; init; }

    /// <summary>Credentials that are not revoked and name a scope of the API resource.</summary>
    public required UsedByIds Credentials { get; init; }

    /// <summary>Applications that may exchange tokens for the API resource.</summary>
    public required UsedByIds Applications { get; init; }

    /// <summary>Whether nothing uses it.</summary>
    [JsonIgnore]
    public bool IsNothing => Roles.Count + Credentials.Count + Applications.Count == 0;
}

/// <param name="Count">The number of users of this kind.</param>
/// <param name="Items">The ids of the first ten.</param>
public sealed record UsedByIds(int Count, IReadOnlyList<string> Items);
