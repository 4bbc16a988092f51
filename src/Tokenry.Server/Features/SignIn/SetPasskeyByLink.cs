using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// Sets a passkey in place of a password with the code of a link, signs the person in, and ends their other sessions. A password until now stops working, as it
/// does when the link sets another one. For a person who keeps a second factor the link sets no passkey: a passkey would pass by that factor.
/// </summary>
public sealed class SetPasskeyByLink(
    Gate gate,
    SetPasswordByLink ofLink,
    SignInLinks links,
    PasskeyCeremonies passkeys,
    SessionStart sessions
)
{
    /// <returns>What the browser needs; <c>null</c> = the link does not work, or sets no passkey.</returns>
    /// <param name="code">The code of the link.</param>
    /// <param name="browser">The value of the browser's cookie.</param>
    public async Task<PasskeyRequest?> BeginAsync(string code, string browser) =>
        await ofLink.FindAsync(code) is { SetsPasskey: true } holder
            ? await passkeys.BeginRegistrationAsync(holder.Person, PasskeyPurpose.Link(browser, code))
            : null;

    /// <param name="request">The request.</param>
    /// <param name="code">The code of the link.</param>
    /// <param name="answer">The answer of the browser.</param>
    /// <param name="browser">The value of the browser's cookie.</param>
    /// <returns>The new session; <c>null</c> = the link does not work, or the answer is wrong or came too late.</returns>
    /// <exception cref="ProblemException">409: the passkey is set up already, or the person has too many.</exception>
    public async Task<NewSession?> RunAsync(RequestFacts request, string code, PasskeyAnswer answer, string browser)
    {
        if (
            await ofLink.FindAsync(code) is not { SetsPasskey: true, Person: var person }
            || await passkeys.RegisterAsync(answer, person.Id, PasskeyPurpose.Link(browser, code)) is not { } made
        )
        {
            return null;
        }

        return await gate.ProvedAsync(
            request,
            person.Id,
            "passkey.added",
            async (tx, entry) =>
            {
                entry.ChangedNothing = true;
                if (await SignInData.HoldAsync(tx, person.Id) is not { Enabled: 1 } held)
                {
                    return null;
                }

                var hasFactor = await SecondFactorStore.FindActiveAsync(tx, person.Id) is not null;
                if (
                    await links.FindAsync(tx, code) is not { } link
                    || (hasFactor && link.ResetsSecondFactor == 0)
                    || await links.UseAsync(tx, code) is null
                    || await passkeys.KeepAsync(tx, person.Id, made, name: null) is not { } row
                )
                {
                    return null;
                }

                entry.ChangedNothing = false;
                entry.TargetType = PrincipalType.User;
                entry.TargetId = person.Id;
                entry.Changes =
                [
                    AuditChanges.Of("passkey", before: null, row.Id),
                    AuditChanges.Of("password", held.PasswordHash, after: null),
                ];
                await PrincipalStore.SetPasswordHashAsync(tx, person.Id, null);
                await SessionStore.EndAllAsync(tx, person.Id);
                if (hasFactor)
                {
                    await SecondFactorStore.RemoveAsync(tx, person.Id);
                    tx.Record(entry.With("second_factor.reset", PrincipalType.User, person.Id));
                }

                var session = await sessions.BeginAsync(tx, person.Id, request);
                tx.Record(entry.With("session.created", SessionStart.SessionTarget, session.Id, "passkey"));
                return session;
            }
        );
    }
}
