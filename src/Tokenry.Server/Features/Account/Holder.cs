using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Account;

/// <summary>A person who sends a credential in a form: who that is, and what the credential may do with itself.</summary>
internal sealed class Holder(CallerAuthenticator callers, FailureThrottle throttle, RotateCredential rotate, RevokeCredential revoke)
{
    /// <summary>The name of the field.</summary>
    public const string Field = "token";

    private const string Throttled = "pages of holders";

    /// <summary>The caller that the credential of the form makes, or why it makes none. Failures from one address are slowed.</summary>
    public async Task<(Caller? Caller, ProblemException? Fault)> FindAsync(HttpContext http, PageForm form)
    {
        var address = RequestFacts.Of(http).Address;
        if (throttle.IsBlocked(Throttled, address))
        {
            throw new ProblemException(
                429,
                ProblemCode.TooManyRequests,
                "Too many attempts with credentials that are not valid. Wait a second and try again."
            )
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }

        var found = await callers.AuthenticateAsync(http, new Carrier(form.AsTyped(Field).Trim(), IsAmbiguous: false));
        if (found.Caller is { } caller)
        {
            return (caller, null);
        }

        throttle.IsTooMany(Throttled, address);
        return (
            null,
            new ProblemException(
                403,
                ProblemCode.InvalidToken,
                found.Limits.IsRefused ? "A limit of this credential is used up. Try again later."
                    : found.ExpiredAt is { } end
                        ? $"The credential expired at {TimestampConverter.Format(end)}. Ask its owner for a new one."
                    : "This is not a valid credential of this server. It may be mistyped, revoked or disabled. Ask the person who gave it to you."
            )
        );
    }

    /// <summary>Whether the credential may roll and revoke itself: not an access token, and not an anonymous key, which is public.</summary>
    public static bool MayManage(Caller caller) =>
        caller.Credential is AuthenticatedCredential { Stored: { } credential } && Capabilities.Of(credential.Kind).ActsForOwner;

    /// <summary>A new secret; the old one works for so many seconds.</summary>
    public Task<Credential> RollAsync(Caller caller, int overlap) =>
        rotate.RunOwnAsync(caller, AccountApi.Calling(caller), new RotationRequest { OverlapSeconds = overlap });

    public Task RevokeAsync(Caller caller) => revoke.RunOwnAsync(caller, AccountApi.Calling(caller), reason: null, descendants: null);
}
