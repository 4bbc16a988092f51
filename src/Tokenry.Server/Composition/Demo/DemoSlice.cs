using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Features.Notices;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Composition.Demo;

/// <summary>The rows of a stretch of time, which are written in one transaction.</summary>
internal sealed class DemoSlice(DateTimeOffset from, DateTimeOffset to)
{
    public List<PrincipalRow> Principals { get; } = [];

    public List<DemoRoleOf> Roles { get; } = [];

    public List<OrganizationRow> Organizations { get; } = [];

    public List<DemoRoleOf> Members { get; } = [];

    public List<CredentialRow> Credentials { get; } = [];

    public List<DemoUse> LastUses { get; } = [];

    public List<NoticeRow> Notices { get; } = [];

    public List<AccessRow> Access { get; } = [];

    public List<DemoCounter> Counters { get; } = [];

    public List<AuditEntry> Audit { get; } = [];

    public DateTimeOffset From => from;

    public DateTimeOffset To => to;

    /// <summary>The moment of one of so many things that happen evenly.</summary>
    public DateTimeOffset At(int index, int count) => from + (to - from) * ((double)index / count);

    /// <param name="tx">The transaction; it chains the audit events.</param>
    /// <param name="secrets">The statement for secrets.</param>
    public async Task WriteAsync(WriteTransaction tx, RowStatement<CredentialRow> secrets)
    {
        await tx.ExecuteEachAsync(DemoStatements.Organization, Organizations);
        await tx.ExecuteEachAsync(DemoStatements.Principal, Principals);
        await tx.ExecuteEachAsync(DemoStatements.Role, Roles);
        await tx.ExecuteEachAsync(DemoStatements.Member, Members);
        await tx.ExecuteEachAsync(DemoStatements.Credential, Credentials);
        await tx.ExecuteEachAsync(secrets, [.. Credentials.Where(row => row.Material is null)]);
        await tx.ExecuteEachAsync(DemoStatements.Approval, [.. Credentials.Where(row => row.ApprovalId is not null)]);
        await tx.ExecuteEachAsync(DemoStatements.LastUse, LastUses);
        await tx.ExecuteEachAsync(DemoStatements.Network, LastUses);
        await tx.ExecuteEachAsync(DemoStatements.Notice, Notices);
        await tx.ExecuteEachAsync(DemoStatements.Counter, Counters);
        await AccessStore.InsertAsync(tx, Access);
        foreach (var entry in Audit.OrderBy(entry => entry.At))
        {
            tx.Record(entry);
        }
    }
}
