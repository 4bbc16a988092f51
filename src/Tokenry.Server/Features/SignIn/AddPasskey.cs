using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SignIn;

/// <summary>Adds a passkey of the person who is signed in. Both steps need a fresh proof: a passkey is a way in of its own.</summary>
public sealed class AddPasskey(Gate gate, FreshAuthentication fresh, PasskeyCeremonies passkeys)
{
    /// <exception cref="ProblemException">403: a fresh proof is missing.</exception>
    public async Task<PasskeyRequest> BeginAsync(Caller caller)
    {
        var person = await gate.ReadOneAsync(
            caller,
            demand: null,
            "passkey.read",
            async read =>
            {
                fresh.Require(read.Caller);
                return await SignInData.FindAsync(read.Connection, read.Caller.Principal.Id) ?? throw ProblemException.NotFound();
            }
        );
        return await passkeys.BeginRegistrationAsync(person, Purpose(caller));
    }

    /// <param name="caller">The caller.</param>
    /// <param name="answer">The answer of the browser.</param>
    /// <param name="name">A name for the person's list; <c>null</c> = a number.</param>
    /// <returns>The passkey; <c>null</c> = the answer is wrong, was used before, or came too late.</returns>
    /// <exception cref="ProblemException">400: the name is not valid; 403: a fresh proof is missing; 409: it is there already, or there are too many.</exception>
    public async Task<Passkey?> RunAsync(Caller caller, PasskeyAnswer answer, string? name)
    {
        fresh.Require(caller);
        if (name is not null)
        {
            var check = new Validation();
            name = check.Name("name", name);
            check.ThrowIfAny();
        }

        if (await passkeys.RegisterAsync(answer, caller.Principal.Id, Purpose(caller)) is not { } made)
        {
            return null;
        }

        return await gate.WriteAsync(
            caller,
            demand: null,
            "passkey.added",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                fresh.Require(now);
                var id = now.Principal.Id;
                entry.OrganizationId = null; // the person's own, wherever they act
                entry.TargetType = PrincipalType.User;
                entry.TargetId = id;
                await SignInData.HoldAsync(tx, id);
                if (await passkeys.KeepAsync(tx, id, made, name) is not { } row)
                {
                    entry.ChangedNothing = true;
                    return null;
                }

                entry.Changes = [AuditChanges.Of("passkey", before: null, row.Id)];
                return row.ToPasskey();
            }
        );
    }

    private static string Purpose(Caller caller) => PasskeyPurpose.Add(SessionCaller.SessionOf(caller)!.Id);
}
