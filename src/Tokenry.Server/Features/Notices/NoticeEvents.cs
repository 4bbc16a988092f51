using System.Collections.Frozen;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Notices;

/// <summary>The events of the trail that become notices, and their reader.</summary>
internal static class NoticeEvents
{
    private const string AllOfApplication = "application.credentials_revoked";
    private const string RoleApproved = "role_request.approved";
    private const string RoleDenied = "role_request.denied";

    private static readonly FrozenDictionary<string, string> Kinds = CredentialFamily
        .All.SelectMany(family =>
            new (string Action, string Kind)[]
            {
                ($"{family.Noun}.revoked", NoticeKind.Revoked),
                ($"{family.Noun}.disabled", NoticeKind.Disabled),
                ($"{family.Noun}.leak_reported", NoticeKind.Leaked),
            }
        )
        .Append(("credential.due", NoticeKind.Due))
        .Append(("approval.approved", NoticeKind.Approved))
        .Append((RoleApproved, NoticeKind.Approved))
        .Append((RoleDenied, NoticeKind.Denied))
        .Append((ExcludeToken.Action, NoticeKind.Excluded))
        .Append((AllOfApplication, NoticeKind.Revoked))
        .Append((Signals.NewNetwork, NoticeKind.NewNetwork))
        .ToFrozenDictionary(pair => pair.Item1, pair => pair.Item2, StringComparer.Ordinal);

    private static readonly string[] Actions = [.. Kinds.Keys];

    /// <summary>The events of a part of the trail, in its order.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="after">The position after which the part begins.</param>
    /// <param name="to">Its last position.</param>
    /// <param name="most">The most events.</param>
    public static Task<IReadOnlyList<NoticeEvent>> ReadAsync(WriteTransaction tx, long after, long to, int most) =>
        tx.QueryAsync<NoticeEvent>(
            $"""
            SELECT seq, id, at, actor, action, coalesce(target_id, credential_id) AS target_id, organization_id, reason FROM audit_events
            WHERE seq > @after AND seq <= @to AND result <> '{AuditEntry.Denied}' AND {tx.Dialect.In(
                "action",
                "@Actions"
            )} ORDER BY seq LIMIT @most
            """,
            new
            {
                after,
                to,
                Actions,
                most,
            }
        );

    public static string KindOf(NoticeEvent what) => Kinds[what.Action];

    /// <summary>Whether it is about all credentials of an application, not about one.</summary>
    public static bool IsOfApplication(NoticeEvent what) => what.Action == AllOfApplication;

    /// <summary>Whether it is about a role that a person asked for.</summary>
    public static bool IsOfRole(NoticeEvent what) => what.Action is RoleApproved or RoleDenied;

    /// <summary>Whether it also concerns the person who did it. The server names the owner as the actor of what it noticed itself.</summary>
    public static bool ConcernsActor(string kind) => kind is NoticeKind.Due or NoticeKind.Leaked or NoticeKind.NewNetwork;
}

/// <summary>An event of the trail that may become a notice.</summary>
internal sealed record NoticeEvent
{
    public long Seq { get; init; }

    public string Id { get; init; } = "";

    public long At { get; init; }

    public string Actor { get; init; } = "";

    public string Action { get; init; } = "";

    public string? TargetId { get; init; }

    /// <summary>The organization in which it happened; <c>null</c> = in none.</summary>
    public string? OrganizationId { get; init; }

    public string? Reason { get; init; }
}
