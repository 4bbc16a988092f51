using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Authentication;

/// <summary>The cookie of a person who is signed in. Only pages use this scheme; no door and no route of the API reads the cookie.</summary>
public sealed class SessionScheme(SessionCache sessions, PrincipalCache principals, TokenryOptions options, TimeProvider time)
{
    /// <param name="presented">The value of the cookie.</param>
    public async ValueTask<AuthenticationResult> AuthenticateAsync(string presented)
    {
        if (SessionSecret.IdOf(presented) is not { } id)
        {
            return AuthenticationFailure.Of(VerificationCode.Malformed);
        }

        return await sessions.GetAsync(id) is { } session && SecretDigest.Equals(session.Hash, SessionSecret.Hash(presented))
            ? await JudgeAsync(session)
            : AuthenticationFailure.Of(VerificationCode.Unknown);
    }

    /// <summary>Judges the same session by the current facts.</summary>
    internal async ValueTask<AuthenticationResult> AgainAsync(AuthenticatedSession before) =>
        await sessions.GetAsync(before.Session.Id) is { } session
            ? await JudgeAsync(session)
            : AuthenticationFailure.Of(VerificationCode.Revoked);

    private async ValueTask<AuthenticationResult> JudgeAsync(SessionFacts session)
    {
        if (IsIdle(session))
        {
            // Another replica may have seen the person since these facts were read.
            if (await sessions.ReloadAsync(session.Id) is not { } stored)
            {
                return AuthenticationFailure.Of(VerificationCode.Revoked);
            }

            session = stored;
        }

        if (IsIdle(session) || time.GetUtcNow().ToUnixTimeMilliseconds() >= session.EndsAt)
        {
            return AuthenticationFailure.Of(VerificationCode.Expired);
        }

        return await principals.GetAsync(session.UserId) is { Active: true, IsUser: true } user
            ? new AuthenticatedSession(session, user)
            : AuthenticationFailure.Of(VerificationCode.OwnerDisabled);
    }

    private bool IsIdle(SessionFacts session) =>
        time.GetUtcNow().ToUnixTimeMilliseconds() - session.LastSeenAt >= (long)options.Sessions.Idle.TotalMilliseconds;
}
