using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// Signs a person in by e-mail address and password. An unknown person, a disabled one and one without a password cost the same work and get the same answer
/// as a wrong password. For a person with a second factor the right password begins no session, but the second step (<see cref="SignInWithCode"/>).
/// </summary>
public sealed class SignInWithPassword(
    Gate gate,
    Database database,
    Passwords passwords,
    SignInThrottle throttle,
    SessionStart sessions,
    SecondSteps steps,
    Denials denials
)
{
    /// <param name="request">The request.</param>
    /// <param name="name">The address as typed.</param>
    /// <param name="password">The password as typed.</param>
    /// <param name="before">The caller that this browser was signed in as until now; its session ends. <c>null</c> = none.</param>
    /// <returns>The new session, or the second step; <c>null</c> = the name or the password is wrong.</returns>
    /// <exception cref="ProblemException">429: too many attempts.</exception>
    public async Task<Admission?> RunAsync(RequestFacts request, string name, string password, Caller? before)
    {
        var email = SignInData.EmailOf(name);
        if (throttle.Count(email, request.Address) is { Ticks: > 0 } wait)
        {
            denials.RecordSignIn(request, user: null, "too_many_attempts");
            throw TooMany(wait);
        }

        var person = await database.ReadAsync(connection => SignInData.OfNameAsync(connection, email));
        var isRight = await passwords.IsRightAsync(person?.PasswordHash, password);
        if (!isRight || person is not { Enabled: 1 })
        {
            denials.RecordSignIn(request, person?.Id, isRight ? "user_disabled" : "wrong_password");
            return null;
        }

        throttle.TakeBack(email, request.Address);
        return await gate.ProvedAsync<Admission?>(
            request,
            person.Id,
            "session.created",
            async (tx, entry) =>
            {
                // Between the comparison and now the person may have changed the password, or lost the account.
                var held = await SignInData.HoldAsync(tx, person.Id);
                if (held is not { Enabled: 1 } || held.PasswordHash != person.PasswordHash)
                {
                    entry.ChangedNothing = true;
                    return null;
                }

                if (await SecondFactorStore.FindActiveAsync(tx, person.Id) is not null)
                {
                    entry.ChangedNothing = true; // no session yet; that the password was right is an event of its own
                    tx.Record(entry.With("sign_in.password_accepted", PrincipalType.User, person.Id));
                    return await steps.BeginAsync(tx, person.Id, held.PasswordHash!);
                }

                if (before is not null && SessionCaller.SessionOf(before) is { } old)
                {
                    await SessionStore.EndAsync(tx, old.UserId, old.Id);
                }

                var session = await sessions.BeginAsync(tx, person.Id, request);
                entry.TargetType = SessionStart.SessionTarget;
                entry.TargetId = session.Id;
                return session;
            }
        );
    }

    internal static ProblemException TooMany(TimeSpan wait) =>
        new(
            429,
            ProblemCode.TooManyRequests,
            $"There were too many attempts from your network. Wait {Math.Ceiling(wait.TotalSeconds)} s, then try again. Your account is not locked."
        )
        {
            RetryAfter = wait,
            Text = new PageText("sign_in_fault.too_many_attempts", ("n", Math.Ceiling(wait.TotalSeconds))),
        };
}
