using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Access;

/// <summary>Refusals that concern rights.</summary>
public static class Problems
{
    /// <summary>403 naming the scope that would have opened it, in the body and in the challenge (RFC 6750 §3.1).</summary>
    public static ProblemException InsufficientScope(string api, IReadOnlyList<string> missing) =>
        new(
            403,
            ProblemCode.InsufficientScope,
            $"This needs the scope {string.Join(' ', missing)} at {api}, which the credential or its owner lacks."
        )
        {
            MissingScopes = missing,
            Challenge = Challenge.Bearer with { Error = ChallengeError.InsufficientScope, Scope = string.Join(' ', missing) },
        };

    /// <summary>401, the same for every reason: the caller must not learn which one it was.</summary>
    public static ProblemException CredentialNotGood() => CredentialNotGood(Challenge.Bearer with { Error = ChallengeError.InvalidToken });

    /// <inheritdoc cref="CredentialNotGood()"/>
    public static ProblemException CredentialNotGood(in Challenge challenge) =>
        new(401, ProblemCode.InvalidToken, "The credential is not good here. Check that it is complete, not expired or revoked, and yours.")
        {
            Challenge = challenge,
        };

    /// <summary>400: the server does not choose between two credentials.</summary>
    public static ProblemException TwoCredentials(in Challenge challenge) =>
        new(400, ProblemCode.InvalidRequest, "The request carries two credentials. Send one.")
        {
            Challenge = challenge with { Error = ChallengeError.InvalidRequest },
        };

    /// <summary>401 for a header without a credential in an accepted form: <c>Basic</c>, <c>Bearer:</c>, no scheme.</summary>
    public static ProblemException CredentialNotSent(in Challenge challenge) =>
        new(
            401,
            ProblemCode.InvalidToken,
            "The header holds no credential in a form that is taken here. Send Authorization: Bearer tkr_… or X-API-Key: tkr_key_…."
        )
        {
            Challenge = challenge,
        };

    /// <summary>401 that says when the credential expired; only for a caller that presented the right secret.</summary>
    /// <param name="end">When it ended.</param>
    /// <param name="challenge">The challenge of the door; the error is filled in here.</param>
    public static ProblemException CredentialExpired(DateTimeOffset end, in Challenge challenge) =>
        new(
            401,
            ProblemCode.CredentialExpired,
            $"The credential expired at {TimestampConverter.Format(end)}. Renew it, or use the one that follows it."
        )
        {
            ExpiredAt = end,
            Challenge = challenge with { Error = ChallengeError.ExpiredAt(end) },
        };

    public static ProblemException ExceedsOwn(string what) =>
        new(403, ProblemCode.ExceedsOwnRights, $"{what} You can only give what you may do yourself with the credential you are using.");

    public static ProblemException ExceedsOwner(string what) =>
        new(403, ProblemCode.ExceedsOwnerRights, $"{what} Give the owner a role that allows it first.");
}
