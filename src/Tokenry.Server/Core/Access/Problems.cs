using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Access;

/// <summary>The refusals that concern rights.</summary>
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
            Challenge = $"Bearer realm=\"tokenry\", error=\"insufficient_scope\", scope=\"{string.Join(' ', missing)}\"",
        };

    /// <summary>401, the same for every reason: which one it was is not the caller's to know.</summary>
    public static ProblemException CredentialNotGood(string challenge = "Bearer realm=\"tokenry\", error=\"invalid_token\"") =>
        new(401, ProblemCode.InvalidToken, "The credential is not good here. Check that it is complete, not expired or revoked, and yours.")
        {
            Challenge = challenge,
        };

    /// <summary>401 for a header that holds no credential in a form that is taken: <c>Basic</c>, <c>Bearer:</c>, no scheme.</summary>
    public static ProblemException CredentialNotSent(string challenge) =>
        new(
            401,
            ProblemCode.InvalidToken,
            "The header holds no credential in a form that is taken here. Send Authorization: Bearer tkr_… or X-API-Key: tkr_key_…."
        )
        {
            Challenge = challenge,
        };

    /// <summary>401 for the holder of the right secret alone: it was genuine, and good until then.</summary>
    /// <param name="end">When it ended.</param>
    /// <param name="challenge">Of the attributes of an error, the challenge.</param>
    public static ProblemException CredentialExpired(DateTimeOffset end, Func<string, string> challenge)
    {
        var at = TimestampConverter.Format(end);
        return new(401, ProblemCode.CredentialExpired, $"The credential expired at {at}. Renew it, or use the one that follows it.")
        {
            ExpiredAt = end,
            Challenge = challenge($"error=\"invalid_token\", error_description=\"expired at {at}\""),
        };
    }

    public static ProblemException ExceedsOwn(string what) =>
        new(403, ProblemCode.ExceedsOwnRights, $"{what} You can only give what you may do yourself with the credential you are using.");

    public static ProblemException ExceedsOwner(string what) =>
        new(403, ProblemCode.ExceedsOwnerRights, $"{what} Give the owner a role that allows it first.");
}
