using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// Changes the password of the person who is signed in. It ends their other sessions and gives this one a new id. Tokens and keys stay as they are: a script
/// must not stop because a person changed a password.
/// </summary>
public sealed class ChangePassword(
    Gate gate,
    Database database,
    Passwords passwords,
    FreshAuthentication fresh,
    PasswordProof proof,
    SessionStart sessions
)
{
    /// <param name="caller">The caller.</param>
    /// <param name="old">The password until now; a person who proved who they are a short time ago may leave it out.</param>
    /// <param name="password">The new password.</param>
    /// <returns>The new session; <c>null</c> = the old password is wrong.</returns>
    /// <exception cref="ProblemException">
    /// 400: the rules refuse the new password; 403: the person has a second factor, and must confirm both first; 429: too many attempts.
    /// </exception>
    public async Task<NewSession?> RunAsync(Caller caller, string? old, string password)
    {
        var id = caller.Principal.Id;
        var person = (await database.ReadAsync(connection => SignInData.FindAsync(connection, id)))!;
        if ((old is not null || !fresh.Has(caller)) && !await proof.HoldsAsync(caller, person, old ?? ""))
        {
            return null;
        }

        var hash = await passwords.HashAsync(password, person.Name, person.Email);
        return await gate.WriteAsync(
            caller,
            demand: null,
            "user.password_changed",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                entry.OrganizationId = null; // the person's own, wherever they act
                var held = await SignInData.HoldAsync(tx, id);
                if (held is null || held.PasswordHash != person.PasswordHash)
                {
                    entry.ChangedNothing = true;
                    return null;
                }

                if (await SecondFactorStore.FindActiveAsync(tx, id) is not null)
                {
                    fresh.Require(now); // the old password alone would begin a session with a fresh proof
                }

                entry.TargetType = PrincipalType.User;
                entry.TargetId = id;
                entry.Changes = [AuditChanges.Of("password", held.PasswordHash, hash)];
                await PrincipalStore.SetPasswordHashAsync(tx, id, hash);
                await SignInLinks.EndAllAsync(tx, id);
                await SessionStore.EndAllAsync(tx, id);
                return await sessions.BeginAsync(tx, id, now.Request);
            }
        );
    }
}
