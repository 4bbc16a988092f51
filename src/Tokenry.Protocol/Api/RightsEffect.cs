namespace Tokenry.Protocol.Api;

/// <summary>
/// What a change of rights would do to credentials: the answer with <c>?dry_run=true</c>, and part of the refusal <c>gains_differ</c>.
/// </summary>
public sealed record RightsEffect
{
    /// <summary>What credentials could do then and cannot now.</summary>
    public required RightsDifference Gains { get; init; }

    /// <summary>What credentials can do now and could not then.</summary>
    public required RightsDifference Loses { get; init; }
}

/// <summary>One direction of a <see cref="RightsEffect"/>.</summary>
/// <param name="Count">How many pairs of a credential and an API there are; <c>Tokenry-Expect-Gains</c> names that of the gains.</param>
/// <param name="Items">The first 200 of them.</param>
public sealed record RightsDifference(long Count, IReadOnlyList<CredentialDifference> Items);

/// <summary>What one credential gains or loses at one API.</summary>
/// <param name="CredentialId">Its public id.</param>
/// <param name="Kind">One of <see cref="CredentialKind"/>. What authenticates a client counts by what it buys.</param>
/// <param name="Owner">Who owns it.</param>
/// <param name="Api">The API's identifier.</param>
/// <param name="Scopes">The scopes gained or lost.</param>
public sealed record CredentialDifference(
    string CredentialId,
    string Kind,
    CredentialOwner Owner,
    string Api,
    IReadOnlyList<string> Scopes
);
