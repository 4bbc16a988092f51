using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Authentication;

/// <summary>The cookie of a person who is signed in. Only pages use this scheme; no door and no route of the API reads the cookie.</summary>
public sealed class SessionScheme(SessionCache sessions, PrincipalCache principals, TokenryOptions options, TimeProvider time)
{
    /// <param name="presented">The value of the cookie.</param>
    /// <param name="organizationId">The organization in which the person wants to act; <c>null</c> = in none. A person who may not act there acts in none.</param>
    public async ValueTask<AuthenticationResult> AuthenticateAsync(string presented, string? organizationId = null)
    {
        if (SessionSecret.IdOf(presented) is not { } id)
        {
            return AuthenticationFailure.Of(VerificationCode.Malformed);
        }

        if (await sessions.GetAsync(id) is not { } session || !SecretDigest.Equals(session.Hash, SessionSecret.Hash(presented)))
        {
            return AuthenticationFailure.Of(VerificationCode.Unknown);
        }

        return organizationId is not null && await JudgeAsync(session, organizationId) is AuthenticatedSession there
            ? there
            : await JudgeAsync(session, organizationId: null);
    }

    /// <summary>Judges the same session by the current facts.</summary>
    internal async ValueTask<AuthenticationResult> AgainAsync(AuthenticatedSession before) =>
        await sessions.GetAsync(before.Session.Id) is { } session
            ? await JudgeAsync(session, before.OrganizationId)
            : AuthenticationFailure.Of(VerificationCode.Revoked);

    private async ValueTask<AuthenticationResult> JudgeAsync(SessionFacts session, string? organizationId)
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

        return await principals.GetAsync(session.UserId, organizationId) is { Active: true, IsUser: true } user
            ? new AuthenticatedSession(session, user)
            : AuthenticationFailure.Of(VerificationCode.OwnerDisabled);
    }

    private bool IsIdle(SessionFacts session) =>
        time.GetUtcNow().ToUnixTimeMilliseconds() - session.LastSeenAt >= (long)options.Sessions.Idle.TotalMilliseconds;
}
