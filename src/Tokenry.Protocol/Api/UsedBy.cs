using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>What stands in the way of a deletion: how many there are of each kind, and the ids of some.</summary>
public sealed record UsedBy
{
    /// <summary>Roles that grant something of it.</summary>
    public required UsedByIds Roles { get; init; }

    /// <summary>Credentials that are not revoked and name something of it.</summary>
    public required UsedByIds Credentials { get; init; }

    /// <summary>Applications that may exchange tokens for it.</summary>
    public required UsedByIds Applications { get; init; }

    /// <summary>Whether there is nothing.</summary>
    [JsonIgnore]
    public bool IsNothing => Roles.Count + Credentials.Count + Applications.Count == 0;
}

/// <param name="Count">How many there are.</param>
/// <param name="Items">The ids of the first ten.</param>
public sealed record UsedByIds(int Count, IReadOnlyList<string> Items);
