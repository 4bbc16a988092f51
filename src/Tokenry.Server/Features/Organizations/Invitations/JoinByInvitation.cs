using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>
/// A person without an account accepts an invitation: makes an account, joins and is signed in, in one transaction. The account has no roles outside the
/// organization.
/// </summary>
public sealed class JoinByInvitation(
    Gate gate,
    AcceptInvitation accept,
    Passwords passwords,
    SignInThrottle throttle,
    SessionStart sessions,
    TimeProvider time
)
{
    /// <param name="request">The request.</param>
    /// <param name="code">The code of the link.</param>
    /// <param name="account">The account to make.</param>
    /// <returns>The organization and the session.</returns>
    /// <exception cref="ProblemException">
    /// 400: the rules refuse address, name or password; 404: there is no such link; 409: it works no more, or the address is taken; 422: the policy forbids
    /// accounts; 429: too many attempts.
    /// </exception>
    public async Task<(string OrganizationId, NewSession Session)> RunAsync(RequestFacts request, string code, NewAccount account)
    {
        var offer = await accept.FindAsync(code) ?? throw ProblemException.NotFound();
        if (!offer.IsPending)
        {
            throw AcceptInvitation.Ended(offer.State);
        }

        // A link shows whether an address has an account, and a password costs processor time.
        if (throttle.Count(offer.Row.Id, request.Address) is { Ticks: > 0 } wait)
        {
            throw new ProblemException(
                429,
                ProblemCode.TooManyRequests,
                $"There were too many attempts with this invitation. Wait {Math.Ceiling(wait.TotalSeconds)} s, then try again."
            )
            {
                RetryAfter = wait,
            };
        }

        var check = new Validation();
        var email = offer.Row.Email ?? UserRules.Email(check, account.Email);
        var name = check.Name("name", account.Name ?? email);
        PasswordRules.Check(check, account.Password, name, email);
        check.ThrowIfAny();
        var hash = await passwords.HashAsync(account.Password, name, email);
        var id = PublicId.Create("usr", PublicId.NewUuid7(time.GetUtcNow()));
        try
        {
            return await gate.ProvedOnFactsAsync(
                request,
                id,
                AcceptInvitation.Action,
                async (operation, position) =>
                {
                    var (tx, entry, _) = operation;
                    var user = new PrincipalRow
                    {
                        Id = id,
                        Type = PrincipalType.User,
                        Name = name,
                        Email = email,
                        Enabled = 1,
                        CreatedAt = time.GetUtcNow().ToUnixTimeMilliseconds(),
                    };
                    var organization = await accept.EnterAsync(
                        operation,
                        position,
                        code,
                        id,
                        row => MakeAsync(tx, position, row, user, hash)
                    );
                    var made = entry.With("user.created", PrincipalType.User, id);
                    made.Changes = AuditChanges.Made(user.ToUser([]));
                    tx.Record(made);
                    var session = await sessions.BeginAsync(tx, id, request);
                    tx.Record(entry.With("session.created", SessionStart.SessionTarget, session.Id));
                    return (organization, session);
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw Fault(
                "email",
                new FieldFault("email_taken", "is the address of an account that exists. Sign in with it, then open the link again")
            );
        }
    }

    private static async Task MakeAsync(WriteTransaction tx, long position, InvitationRow row, PrincipalRow user, string hash)
    {
        tx.StandsOn(new Premise(position, [PolicyStore.Server, row.OrganizationId]));
        if ((await PolicyStore.OfAsync(tx, row.OrganizationId)).ForbidsInvitedAccounts is { } owner)
        {
            throw PolicyRule.Refusal(new() { Rule = PolicyRule.InvitedAccounts, Owner = owner }, kind: "");
        }

        await PrincipalStore.InsertAsync(tx, user, hash, roles: []);
    }

    private static ProblemException Fault(string member, FieldFault fault) =>
        new(409, ProblemCode.AlreadyExists, $"The {member} {fault}.")
        {
            Errors = new Dictionary<string, FieldFault[]>(StringComparer.Ordinal) { [member] = [fault] },
        };
}

/// <summary>An account to make. A class and not a record: a record would print the password.</summary>
public sealed class NewAccount
{
    /// <summary>As typed; not looked at if the invitation names an address.</summary>
    public string? Email { get; init; }

    /// <summary>A name for people; <c>null</c> = the address.</summary>
    public string? Name { get; init; }

    public required string Password { get; init; }
}
