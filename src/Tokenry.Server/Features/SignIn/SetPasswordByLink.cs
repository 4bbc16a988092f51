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
public sealed class SetPasswordByLink(
    Gate gate,
    Database database,
    Passwords passwords,
    SignInLinks links,
    SessionStart sessions,
    SecondSteps steps
)
{
    /// <summary>The user of a link that would work now, and what it does; <c>null</c> = it would not work.</summary>
    public Task<LinkHolder?> FindAsync(string code) =>
        database.ReadAsync(async connection =>
            await links.FindAsync(connection, code) is { } link
            && await SignInData.FindAsync(connection, link.UserId) is { Enabled: 1 } person
                ? new LinkHolder
                {
                    Person = person,
                    HasSecondFactor = await SecondFactorStore.FindActiveAsync(connection, person.Id) is not null,
                    ResetsSecondFactor = link.ResetsSecondFactor == 1,
                }
                : null
        );

    /// <param name="request">The request.</param>
    /// <param name="code">The code of the link.</param>
    /// <param name="password">The new password.</param>
    /// <returns>
    /// The new session, or the second step of a person who keeps a second factor; <c>null</c> = the link was used, has expired or is not one.
    /// </returns>
    /// <exception cref="ProblemException">400: the rules refuse the password; 429: too many passwords are being hashed.</exception>
    public async Task<Admission?> RunAsync(RequestFacts request, string code, string password)
    {
        if (await FindAsync(code) is not { Person: { } person })
        {
            return null;
        }

        var hash = await passwords.HashAsync(password, person.Name, person.Email);
        return await gate.ProvedAsync<Admission?>(
            request,
            person.Id,
            "user.password_set",
            async (tx, entry) =>
            {
                if (await SignInData.HoldAsync(tx, person.Id) is not { Enabled: 1 } held || await links.UseAsync(tx, code) is not { } link)
                {
                    entry.ChangedNothing = true;
                    return null;
                }

                entry.TargetType = PrincipalType.User;
                entry.TargetId = person.Id;
                entry.Changes = [AuditChanges.Of("password", held.PasswordHash, hash)];
                await PrincipalStore.SetPasswordHashAsync(tx, person.Id, hash);
                await SessionStore.EndAllAsync(tx, person.Id);
                if (await SecondFactorStore.FindActiveAsync(tx, person.Id) is not null)
                {
                    if (link.ResetsSecondFactor == 0)
                    {
                        return await steps.BeginAsync(tx, person.Id, hash);
                    }

                    await SecondFactorStore.RemoveAsync(tx, person.Id);
                    tx.Record(entry.With("second_factor.reset", PrincipalType.User, person.Id));
                }

                var session = await sessions.BeginAsync(tx, person.Id, request);
                tx.Record(entry.With("session.created", SessionStart.SessionTarget, session.Id));
                return session;
            }
        );
    }
}

/// <summary>The user of a sign-in link, and what the link does. A class and not a record: a record would print the hash of the password.</summary>
public sealed class LinkHolder
{
    public required SignInData Person { get; init; }

    public required bool HasSecondFactor { get; init; }

    /// <summary>Whether the use of the link also removes the second factor.</summary>
    public required bool ResetsSecondFactor { get; init; }

    /// <summary>Whether it may set a passkey: one would pass by a second factor that stays.</summary>
    public bool SetsPasskey => !HasSecondFactor || ResetsSecondFactor;
}
