using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>
/// The answer of one page of a bulk operation on credentials: every credential of the page, done or not. Repeat the request with <c>cursor</c> =
/// <see cref="NextCursor"/> until that is <c>null</c>.
/// </summary>
/// <param name="Items">The credentials of this page that were not yet in the state asked for.</param>
/// <param name="Done">How many were changed.</param>
/// <param name="NotDone">How many were not; their items say why. In a dry run, only those that would be refused.</param>
/// <param name="NextCursor">Where the next page starts; <c>null</c> = this was the last.</param>
public sealed record BulkAnswer(IReadOnlyList<BulkItem> Items, int Done, int NotDone, string? NextCursor);

/// <summary>One credential of a <see cref="BulkAnswer"/>.</summary>
// A class and not a record: a record would print the secret.
public sealed class BulkItem
{
    /// <summary>The credential as it is now. After a rotation it contains the new secret, which no later answer shows.</summary>
    public required Credential Credential { get; init; }

    /// <summary>Whether it was changed; <c>false</c> in a dry run.</summary>
    public required bool Done { get; init; }

    /// <summary>Why it was not changed, or would not be: a code of <see cref="ProblemCode"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>The same in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }
}

/// <summary>The body of a bulk revocation.</summary>
public sealed record BulkRevocationRequest
{
    /// <summary>For each credential's record and the audit; at most 200 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>The body of a bulk rotation.</summary>
public sealed record BulkRotationRequest
{
    /// <summary>How long the secrets before this rotation still work, from 60 to 2,592,000 seconds.</summary>
    public required int OverlapSeconds { get; init; }
}
