using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>
/// What the holder of a link does with it: accepts it as a person who is signed in, or declines it. The link is used up in the same transaction, of many uses
/// at once one works, and the inviter must still be able to give the roles.
/// </summary>
public sealed class AcceptInvitation(Gate gate, Database database, TimeProvider time)
{
    public const string Path = "/invitation";

    internal const string Action = "organization.invitation_accepted";

    /// <summary>What a link offers, also if it works no more; <c>null</c> = there is no such link.</summary>
    public Task<InvitationOffer?> FindAsync(string code) =>
        database.ReadAsync<InvitationOffer?>(async connection =>
        {
            if (
                await InvitationStore.OfCodeAsync(connection, code) is not { } row
                || await OrganizationStore.FactsAsync(connection, row.OrganizationId) is not { } organization
            )
            {
                return null;
            }

            var state = row.StateAt(Now);
            var policies = await PolicyStore.OfAsync(connection, row.OrganizationId);
            return new InvitationOffer
            {
                Row = row,
                Organization = organization.Name,
                Inviter = (await PrincipalStore.OwnFactsAsync(connection, row.CreatedBy))?.Name ?? row.CreatedBy,
                State = state == InvitationState.Pending && !organization.IsEnabled ? InvitationOffer.OrganizationDisabled : state,
                MayMakeAccount = policies.ForbidsInvitedAccounts is null,
            };
        });

    /// <summary>Makes the caller a member.</summary>
    /// <param name="caller">The person, who is signed in.</param>
    /// <param name="code">The code of the link.</param>
    /// <returns>The organization.</returns>
    /// <exception cref="ProblemException">404: there is no such link; 409: it works no more.</exception>
    public Task<string> RunAsync(Caller caller, string code) =>
        gate.WriteAsync(
            caller,
            demand: null,
            Action,
            operation => EnterAsync(operation, operation.Caller.JudgedAt.Position, code, operation.Caller.Principal.Id)
        );

    /// <param name="request">The request.</param>
    /// <param name="caller">The person, if signed in.</param>
    /// <param name="code">The code of the link.</param>
    /// <exception cref="ProblemException">404: there is no such link; 409: it works no more.</exception>
    public Task DeclineAsync(RequestFacts request, Caller? caller, string code) =>
        gate.ProvedAsync(
            request,
            caller?.Principal.Id ?? AuditEntry.Anonymous,
            "organization.invitation_declined",
            async (tx, entry) =>
            {
                var row = await InvitationStore.OfCodeAsync(tx, code) ?? throw ProblemException.NotFound();
                if (!await InvitationStore.EndAsync(tx, row.Id, InvitationState.Declined, Now))
                {
                    throw Ended(row.StateAt(Now));
                }

                entry.TargetType = InvitationsApi.Noun;
                entry.TargetId = row.Id;
                entry.OrganizationId = row.OrganizationId;
                entry.Changes = [AuditChanges.Of("state", InvitationState.Pending, InvitationState.Declined)];
                return true;
            }
        );

    /// <summary>Uses the invitation up and gives its roles.</summary>
    /// <param name="operation">The acceptance.</param>
    /// <param name="position">The position in <c>changes</c> up to which its facts are known.</param>
    /// <param name="code">The code of the link.</param>
    /// <param name="userId">The person.</param>
    /// <param name="making">Makes the person's account; <c>null</c> = there is one.</param>
    /// <returns>The organization.</returns>
    internal async Task<string> EnterAsync(
        AuditedOperation operation,
        long position,
        string code,
        string userId,
        Func<InvitationRow, Task>? making = null
    )
    {
        var (tx, entry, _) = operation;
        var known = await InvitationStore.OfCodeAsync(tx, code) ?? throw ProblemException.NotFound();
        var organization = await OrganizationStore.FindAsync(tx, known.OrganizationId, Reach.All); // its lock comes before that of the user
        var row = await InvitationStore.OfCodeAsync(tx, code) ?? throw ProblemException.NotFound();
        if (row.StateAt(Now) is not InvitationState.Pending and var state)
        {
            throw Ended(state);
        }

        if (organization.Enabled != 1)
        {
            throw Ended(InvitationOffer.OrganizationDisabled);
        }

        if (!await Inviter.StillGivesAsync(operation, position, row))
        {
            throw Ended("not_granted");
        }

        if (making is not null)
        {
            await making(row);
        }
        else if (await PrincipalStore.FindAsync(tx, PrincipalType.User, userId) is null)
        {
            throw ProblemException.NotFound();
        }

        if (!await InvitationStore.EndAsync(tx, row.Id, InvitationState.Accepted, Now, userId))
        {
            throw Ended(InvitationState.Accepted);
        }

        entry.TargetType = InvitationsApi.Noun;
        entry.TargetId = row.Id;
        entry.OrganizationId = row.OrganizationId;
        entry.Changes = [AuditChanges.Of("state", InvitationState.Pending, InvitationState.Accepted)];
        await GiveAsync(tx, entry, row, userId);
        return row.OrganizationId;
    }

    private static async Task GiveAsync(WriteTransaction tx, AuditEntry entry, InvitationRow row, string userId)
    {
        var held = await OrganizationStore.RolesAsync(tx, row.OrganizationId, userId);
        string[] added = [.. row.Roles.Except(held, StringComparer.Ordinal)];
        if (added.Length == 0)
        {
            return;
        }

        await OrganizationStore.ChangeAsync(tx, row.OrganizationId, userId, added, removed: []);
        var joined = entry.With("organization.member_added", PrincipalType.User, userId, $"by the invitation {row.Id} of {row.CreatedBy}");
        joined.Changes = [AuditChanges.OfType<IReadOnlyList<string>>("roles", held, [.. held, .. added])];
        tx.Record(joined);
    }

    internal static ProblemException Ended(string state) =>
        new(
            409,
            ProblemCode.InvitationEnded,
            state switch
            {
                InvitationState.Accepted => "The invitation was accepted already. It works once.",
                InvitationState.Declined => "The invitation was declined.",
                InvitationState.Revoked => "The invitation was revoked.",
                InvitationState.Expired => "The invitation has expired. Ask for a new one.",
                InvitationOffer.OrganizationDisabled => "The organization is disabled. Try again when it is enabled.",
                _ => "The inviter may no longer give these roles. Ask for a new invitation.",
            }
        );

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();
}
