using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// Signs a person in by passkey. The passkey says who the person is, so no name is asked. It proves possession and, by user verification, the person: no code
/// follows, also for a person with a second factor.
/// </summary>
public sealed class SignInWithPasskey(
    Gate gate,
    PasskeyCeremonies passkeys,
    SignInThrottle throttle,
    SessionStart sessions,
    Denials denials
)
{
    /// <param name="browser">The value of the browser's cookie.</param>
    public Task<PasskeyRequest> BeginAsync(string browser) => passkeys.BeginProofAsync(person: null, PasskeyPurpose.SignIn(browser));

    /// <param name="request">The request.</param>
    /// <param name="answer">The answer of the browser.</param>
    /// <param name="browser">The value of the browser's cookie.</param>
    /// <param name="before">The caller that this browser was signed in as until now; its session ends. <c>null</c> = none.</param>
    /// <returns>The new session; <c>null</c> = the passkey was not accepted.</returns>
    /// <exception cref="ProblemException">429: too many attempts.</exception>
    public async Task<NewSession?> RunAsync(RequestFacts request, PasskeyAnswer answer, string browser, Caller? before)
    {
        if (throttle.Count(request.Address) is { Ticks: > 0 } wait)
        {
            denials.RecordSignIn(request, user: null, "too_many_attempts");
            throw SignInWithPassword.TooMany(wait);
        }

        if (await passkeys.ProveAsync(request, answer, PasskeyPurpose.SignIn(browser)) is not { Person: var person } proof)
        {
            return null;
        }

        if (person.Enabled != 1)
        {
            denials.RecordSignIn(request, person.Id, "user_disabled");
            return null;
        }

        var session = await gate.ProvedAsync(
            request,
            person.Id,
            "session.created",
            async (tx, entry) =>
            {
                entry.ChangedNothing = true;
                if (
                    await SignInData.HoldAsync(tx, person.Id) is not { Enabled: 1 }
                    || !await passkeys.AcceptAsync(tx, entry, proof, request)
                )
                {
                    return null;
                }

                if (before is not null && SessionCaller.SessionOf(before) is { } old)
                {
                    await SessionStore.EndAsync(tx, old.UserId, old.Id);
                }

                var begun = await sessions.BeginAsync(tx, person.Id, request);
                entry.ChangedNothing = false;
                entry.TargetType = SessionStart.SessionTarget;
                entry.TargetId = begun.Id;
                entry.Reason = "passkey";
                return begun;
            }
        );
        if (session is not null)
        {
            throttle.TakeBack(request.Address);
        }

        return session;
    }
}
