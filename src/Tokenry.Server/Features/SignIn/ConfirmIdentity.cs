using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// Step-up: the person who is signed in confirms the password, and the second factor if there is one, and gets a session with a new id and a fresh proof
/// (<see cref="FreshAuthentication"/>).
/// </summary>
public sealed class ConfirmIdentity(Gate gate, Database database, PasswordProof proof, SecondFactors factors, SessionStart sessions)
{
    /// <summary>Whether the person needs a code beside the password.</summary>
    public Task<bool> NeedsCodeAsync(Caller caller) =>
        database.ReadAsync(async connection => await SecondFactorStore.FindActiveAsync(connection, caller.Principal.Id) is not null);

    /// <param name="caller">The caller.</param>
    /// <param name="password">The password as typed.</param>
    /// <param name="code">The code as typed; without a second factor it is not looked at.</param>
    /// <returns>The new session; <c>null</c> = the password or the code is wrong.</returns>
    /// <exception cref="ProblemException">429: too many attempts.</exception>
    public async Task<NewSession?> RunAsync(Caller caller, string password, string code)
    {
        var id = caller.Principal.Id;
        var person = (await database.ReadAsync(connection => SignInData.FindAsync(connection, id)))!;
        if (!await proof.HoldsAsync(caller, person, password))
        {
            return null;
        }

        return await gate.WriteAsync(
            caller,
            demand: null,
            "session.confirmed",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                entry.OrganizationId = null; // the person's own, wherever they act
                var held = await SignInData.HoldAsync(tx, id);
                if (
                    held?.PasswordHash != person.PasswordHash
                    || SessionCaller.SessionOf(now) is not { } session
                    || (
                        await SecondFactorStore.FindActiveAsync(tx, id) is { } factor
                        && !await factors.IsRightAsync(tx, entry, factor, code, now.Request)
                    )
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
