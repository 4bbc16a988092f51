using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>
/// Invites a person to an organization: makes a link that works once. The holder of the link becomes a member with these roles, so the caller needs what it
/// needs to give them to a member. The caller may open the link itself, so that a caller that cannot make credentials for others gives only what the calling
/// credential may do.
/// </summary>
public sealed class CreateInvitation(IdempotentGate gate, FreshAuthentication fresh, TokenryOptions options, TimeProvider time)
{
    private const int MostPending = 500;

    private static readonly TimeSpan DefaultLife = TimeSpan.FromDays(7);
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(30);

    public Task<Invitation> RunAsync(Caller caller, string organizationId, InvitationRequest request) =>
        gate.WriteAsync(
            caller,
            OrganizationOperations.Write,
            "organization.invitation_created",
            async operation =>
            {
                var (tx, entry, caller, reach, _) = operation;
                fresh.Require(caller);
                var organization = await OrganizationOperations.FindForChangeAsync(operation, organizationId);
                var now = time.GetUtcNow();
                var row = Checked(request, operation, organizationId, now);
                if (organization.Enabled != 1)
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.InvitationEnded,
                        "The organization is disabled, so that a link would not work. Enable the organization first."
                    );
                }

                if (await InvitationStore.PendingAsync(tx, organizationId, row.CreatedAt, MostPending) >= MostPending)
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.LimitReached,
                        $"The organization has {MostPending} pending invitations, which is the most. Revoke some that are not needed."
                    )
                    {
                        Limit = MostPending,
                    };
                }

                var code = LinkCode.New();
                await InvitationStore.InsertAsync(tx, row, code);
                entry.TargetType = InvitationsApi.Noun;
                entry.TargetId = row.Id;
                var url = $"{BrowserAddress.Of(options)}{AcceptInvitation.Path}?{LinkCode.Parameter}={code}";
                var made = row.ToInvitation(row.CreatedAt, url);
                entry.Changes = AuditChanges.Made(made);
                return made;
            }
        );

    private static InvitationRow Checked(InvitationRequest request, OperationContext operation, string organizationId, DateTimeOffset now)
    {
        var check = new Validation();
        check.Require(
            request.Roles is not { Count: 0 },
            "roles",
            new FieldFault("needs_role", "needs at least one role; leave it out for organization_member")
        );
        var email = request.Email is null ? null : UserRules.Email(check, request.Email);
        var note = request.Note?.Trim() is { Length: > 0 } text ? text : null;
        check.Text("note", note, Validation.LongestName);
        var end = request.ExpiresAt ?? now + DefaultLife;
        check.Require(end > now, "expires_at", Validation.Past);
        check.Require(
            end <= now + LongestLife,
            "expires_at",
            new FieldFault("too_far", $"must be at most {LongestLife.TotalDays} days ahead", ("n", LongestLife.TotalDays))
        );
        check.ThrowIfAny();
        var roles = RoleAssignment.CheckInOrganization(operation, request.Roles ?? [ManagementApi.OrganizationMember.Id], held: []);
        Inviter.CheckGives(operation, roles);
        var caller = operation.Caller;
        return new()
        {
            Id = PublicId.Create("inv", PublicId.NewUuid7(now)),
            OrganizationId = organizationId,
            StoredRoles = JsonColumn.Write(roles),
            Email = email,
            Note = note,
            CreatedBy = caller.Principal.Id,
            CreatedWith = caller.Credential.Stored?.Id,
            CreatedIn = caller.OrganizationId,
            CreatedAt = now.ToUnixTimeMilliseconds(),
            ExpiresAt = end.ToUnixTimeMilliseconds(),
        };
    }
}
