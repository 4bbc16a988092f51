using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// Sets a password with the code of a link, signs the person in, and ends their other sessions. The code is used up in the same transaction. Tokens and keys
/// stay as they are.
/// </summary>
public sealed class SetPasswordByLink(Gate gate, Database database, Passwords passwords, SignInLinks links, SessionStart sessions)
{
    /// <summary>The user of a link that would work now; <c>null</c> = it would not.</summary>
    public Task<SignInData?> FindAsync(string code) =>
        database.ReadAsync(async connection =>
            await links.FindAsync(connection, code) is { } id && await SignInData.FindAsync(connection, id) is { Enabled: 1 } person
                ? person
                : null
        );

    /// <param name="request">The request.</param>
    /// <param name="code">The code of the link.</param>
    /// <param name="password">The new password.</param>
    /// <returns>The new session; <c>null</c> = the link was used, has expired or is not one.</returns>
    /// <exception cref="ProblemException">400: the rules refuse the password; 429: too many passwords are being hashed.</exception>
    public async Task<NewSession?> RunAsync(RequestFacts request, string code, string password)
    {
        if (await FindAsync(code) is not { } person)
        {
            return null;
        }

        var hash = await passwords.HashAsync(password, person.Name, person.Email);
        return await gate.ProvedAsync(
            request,
            person.Id,
            "user.password_set",
            async (tx, entry) =>
            {
                if (await SignInData.HoldAsync(tx, person.Id) is not { Enabled: 1 } held || !await links.UseAsync(tx, code))
                {
                    entry.ChangedNothing = true;
                    return null;
                }

                entry.TargetType = PrincipalType.User;
                entry.TargetId = person.Id;
                entry.Changes = [AuditChanges.Of("password", held.PasswordHash, hash)];
                await PrincipalStore.SetPasswordHashAsync(tx, person.Id, hash);
                await SessionStore.EndAllAsync(tx, person.Id);
                var session = await sessions.BeginAsync(tx, person.Id, request);
                tx.Record(entry.With("session.created", SessionStart.SessionTarget, session.Id));
                return session;
            }
        );
    }
}
