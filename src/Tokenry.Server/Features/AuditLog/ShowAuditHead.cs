using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;

namespace Tokenry.Server.Features.AuditLog;

/// <summary>Shows the newest signed head, for callers that keep a copy elsewhere.</summary>
public sealed class ShowAuditHead(Gate gate, AuditHeadKeeper keeper)
{
    public async Task<AuditHead> RunAsync(Caller caller)
    {
        await gate.AuthorizeAsync(caller, new Demand(ManagementApi.AuditRead), "audit.head_read");
        return await keeper.CurrentAsync();
    }
}
