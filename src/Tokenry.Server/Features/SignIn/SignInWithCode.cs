using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.SignIn;

/// <summary>The second step of a sign-in: a person who proved the password enters the code of the second factor.</summary>
public sealed class SignInWithCode(
    Gate gate,
    Database database,
    SignInThrottle throttle,
    SecondSteps steps,
    SecondFactors factors,
    SessionStart sessions
)
{
    /// <summary>The person of a sign-in that may go on; <c>null</c> = it ended, and the person starts again with the password.</summary>
    /// <param name="cookie">The value of its cookie; <c>null</c> = there is none.</param>
    public async Task<SignInData?> FindAsync(string? cookie) =>
        cookie is null
            ? null
            : await database.ReadAsync(async connection =>
                await steps.FindAsync(connection, cookie) is { } id && await SignInData.FindAsync(connection, id) is { Enabled: 1 } person
                    ? person
                    : null
            );

    /// <param name="request">The request.</param>
    /// <param name="cookie">The value of the cookie of this sign-in.</param>
    /// <param name="code">The code as typed.</param>
    /// <param name="before">The caller that this browser was signed in as until now; its session ends. <c>null</c> = none.</param>
    /// <returns>The session; <c>null</c> = the code is wrong, or the sign-in ended (<see cref="FindAsync"/>).</returns>
    /// <exception cref="ProblemException">429: too many attempts.</exception>
    public async Task<NewSession?> RunAsync(RequestFacts request, string cookie, string code, Caller? before)
    {
        if (await FindAsync(cookie) is not { } person)
        {
            return null;
        }

        var email = person.Email ?? person.Id;
        if (throttle.Count(email, request.Address) is { Ticks: > 0 } wait)
        {
            throw SignInWithPassword.TooMany(wait);
        }

        var session = await gate.ProvedAsync(
            request,
            person.Id,
            "session.created",
            async (tx, entry) =>
            {
                entry.ChangedNothing = true;
                if (
                    await SignInData.HoldAsync(tx, person.Id) is not { Enabled: 1 } held
                    || !await steps.HoldsAsync(tx, cookie, held)
                    || await SecondFactorStore.FindActiveAsync(tx, person.Id) is not { } factor
                    || !await factors.IsRightAsync(tx, entry, factor, code, request)
                )
                {
                    return null;
                }

                await SecondSteps.EndAsync(tx, cookie);
                if (before is not null && SessionCaller.SessionOf(before) is { } old)
                {
                    await SessionStore.EndAsync(tx, old.UserId, old.Id);
                }

                var begun = await sessions.BeginAsync(tx, person.Id, request);
                entry.ChangedNothing = false;
                entry.TargetType = SessionStart.SessionTarget;
                entry.TargetId = begun.Id;
                entry.Reason = "password and second factor";
                return begun;
            }
        );
        if (session is not null)
        {
            throttle.TakeBack(email, request.Address);
        }

        return session;
    }
}
