using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// Step-up by passkey: the person who is signed in uses one of their own passkeys and gets a session with a new id and a fresh proof, without password and code.
/// </summary>
public sealed class ConfirmWithPasskey(
    Gate gate,
    Database database,
    PasskeyCeremonies passkeys,
    SignInThrottle throttle,
    SessionStart sessions
)
{
    /// <summary>Whether the person has a passkey, and whether they have a password.</summary>
    public Task<(bool Passkey, bool Password)> WaysAsync(Caller caller) =>
        database.ReadAsync(async connection =>
            (
                await PasskeyStore.CountAsync(connection, caller.Principal.Id) > 0,
                await SignInData.FindAsync(connection, caller.Principal.Id) is { PasswordHash: not null }
            )
        );

    public async Task<PasskeyRequest> BeginAsync(Caller caller) =>
        await passkeys.BeginProofAsync(
            await database.ReadAsync(connection => SignInData.FindAsync(connection, caller.Principal.Id)),
            PasskeyPurpose.Confirm(SessionCaller.SessionOf(caller)!.Id)
        );

    /// <param name="caller">The caller.</param>
    /// <param name="answer">The answer of the browser.</param>
    /// <returns>The new session; <c>null</c> = the passkey was not accepted.</returns>
    /// <exception cref="ProblemException">429: too many attempts.</exception>
    public async Task<NewSession?> RunAsync(Caller caller, PasskeyAnswer answer)
    {
        var address = caller.Request.Address;
        if (throttle.Count(address) is { Ticks: > 0 } wait)
        {
            throw SignInWithPassword.TooMany(wait);
        }

        var purpose = PasskeyPurpose.Confirm(SessionCaller.SessionOf(caller)!.Id);
        if (await passkeys.ProveAsync(caller.Request, answer, purpose) is not { } proof || proof.Person.Id != caller.Principal.Id)
        {
            return null;
        }

        throttle.TakeBack(address);
        return await gate.WriteAsync(
            caller,
            demand: null,
            "session.confirmed",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                entry.OrganizationId = null; // the person's own, wherever they act
                entry.Reason = "passkey";
                if (
                    await SignInData.HoldAsync(tx, proof.Person.Id) is null
                    || SessionCaller.SessionOf(now) is not { } session
                    || !await passkeys.AcceptAsync(tx, entry, proof, now.Request)
                )
                {
                    entry.ChangedNothing = true;
                    return null;
                }

                return await sessions.ReplaceAsync(tx, entry, session, now.Request);
            }
        );
    }
}
