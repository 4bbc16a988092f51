using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Approvals.RoleRequests;

/// <summary>A user asks for a role, for themselves. It gives nothing before another person approves it.</summary>
public sealed class AskForRole(IdempotentGate gate, Brands brands, TimeProvider time)
{
    private const int MostPending = 20;

    /// <exception cref="ProblemException">
    /// 400: not a role or an organization that the user can name; 404: the caller is no user; 409: asked for before, or too many requests wait.
    /// </exception>
    public Task<Approval> RunAsync(Caller caller, AskForRoleRequest request)
    {
        var check = new Validation();
        var justification = request.Justification?.Trim() ?? "";
        check.Require(
            justification.Length > 0,
            "justification",
            new FieldFault("needs_reason", "must say why you need the role, for who decides")
        );
        check.Text("justification", justification, ApprovalDemand.LongestJustification);
        check.ThrowIfAny();
        return gate.WriteAsync(
            caller,
            RoleOffer.Own,
            $"{RoleRequestStore.Noun}.created",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                RoleOffer.RequireUser(now);
                var (organization, held) = await PlaceAsync(operation, request.OrganizationId ?? now.OrganizationId);
                var role = Role(operation.Catalog, request.Role, organization, held);
                await RequireRoomAsync(operation, role, organization);
                var at = time.GetUtcNow();
                var row = new RoleRequestRow
                {
                    Id = PublicId.Create(RoleRequestRow.IdPrefix, PublicId.NewUuid7(at)),
                    UserId = now.Principal.Id,
                    RoleId = role.Id,
                    RoleName = role.Name,
                    OrganizationId = organization,
                    Justification = brands.Redact(justification),
                    State = ApprovalState.Pending,
                    RequestedAt = at.ToUnixTimeMilliseconds(),
                };
                await RoleRequestStore.InsertAsync(tx, row);
                var asked = row.ToApproval();
                (entry.TargetType, entry.TargetId, entry.OrganizationId) = (RoleRequestStore.Noun, row.Id, organization);
                entry.Reason = row.Justification;
                entry.Changes = [AuditChanges.OfType("role", null, asked.Role)];
                return asked;
            }
        );
    }

    /// <summary>Where the user asks, locked until COMMIT, and the roles that the user has there. A credential asks only where it acts itself.</summary>
    private static async Task<(string? Organization, IReadOnlyList<string> Held)> PlaceAsync(OperationContext operation, string? asked)
    {
        var (tx, _, now, _, _) = operation;
        var user = now.Principal.Id;
        if (asked is null)
        {
            await PrincipalStore.FindAsync(tx, PrincipalType.User, user);
            return (null, (await PrincipalStore.HeldAsync(tx, user)).RoleIds);
        }

        if ((now.OrganizationId ?? asked) == asked && now.Principal.Memberships.Any(member => member.OrganizationId == asked))
        {
            var organization = await OrganizationStore.FindAsync(tx, asked, Reach.All);
            await PrincipalStore.FindAsync(tx, PrincipalType.User, user);
            if (await OrganizationStore.RolesAsync(tx, asked, user) is { Count: > 0 } held)
            {
                return organization.Enabled == 1
                    ? (asked, held)
                    : throw ProblemException.Invalid(
                        "organization_id",
                        new FieldFault("organization_disabled", "is an organization that is disabled")
                    );
            }
        }

        throw ProblemException.Invalid(
            "organization_id",
            new FieldFault(
                "not_askable_organization",
                "is not an organization in which you can ask for a role: you are a member, and the calling credential acts there or in none"
            )
        );
    }

    /// <summary>The role, if it is offered there: the answer is the same for one that is not offered and one that does not exist.</summary>
    private static RoleFacts Role(Catalog catalog, string? id, string? organization, IReadOnlyList<string> held)
    {
        if (id is null || catalog.Role(id) is not { } role || !RoleOffer.Has(role, organization))
        {
            throw ProblemException.Invalid(
                "role",
                new FieldFault(
                    "not_askable_role",
                    $"'{Validation.Shown(id)}' is not the id of a role that you can ask for there; see GET /v1/me/requestable-roles",
                    ("value", Validation.Shown(id))
                )
            );
        }

        return held.Contains(id, StringComparer.Ordinal)
            ? throw ProblemException.Invalid("role", new FieldFault("held_role", "is a role that you have there"))
            : role;
    }

    private static async Task RequireRoomAsync(OperationContext operation, RoleFacts role, string? organization)
    {
        var pending = await RoleRequestStore.PendingAsync(operation.Transaction, operation.Caller.Principal.Id);
        if (pending.FirstOrDefault(known => known.RoleId == role.Id && known.OrganizationId == organization) is { } same)
        {
            throw ProblemException.Exists($"You asked for this role before: {same.Id} waits for a decision. Withdraw it to ask again.");
        }

        if (pending.Count >= MostPending)
        {
            throw Caps.Reached(
                $"{pending.Count} of your requests wait for a decision, which is the most. Withdraw one first.",
                MostPending
            );
        }
    }
}
