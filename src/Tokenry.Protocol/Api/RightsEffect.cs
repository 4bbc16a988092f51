namespace Tokenry.Protocol.Api;

/// <summary>What a change of rights does to credentials: the answer to <c>?dry_run=true</c>, and part of the refusal <c>gains_differ</c>.</summary>
public sealed record RightsEffect
{
    /// <summary>What credentials could do after the change and cannot do now.</summary>
    public required RightsDifference Gains { get; init; }

    /// <summary>What credentials can do now and could not do after the change.</summary>
    public required RightsDifference Loses { get; init; }
}

/// <summary>One direction of a <see cref="RightsEffect"/>.</summary>
/// <param name="Count">Number of pairs of a credential and an API. <c>Tokenry-Expect-Gains</c> names the count of the gains.</param>
/// <param name="Items">The first 200 pairs.</param>
public sealed record RightsDifference(long Count, IReadOnlyList<CredentialDifference> Items);

/// <summary>What one credential gains or loses at one API.</summary>
/// <param name="CredentialId">The credential's public id.</param>
/// <param name="Kind">One of <see cref="CredentialKind"/>. A credential that authenticates a client counts with the rights of its access tokens.</param>
/// <param name="Owner">The owner of the credential.</param>
/// <param name="Api">The API's identifier.</param>
/// <param name="Scopes">The scopes gained or lost.</param>
public sealed record CredentialDifference(
    string CredentialId,
    string Kind,
    CredentialOwner Owner,
    string Api,
    IReadOnlyList<string> Scopes
);
