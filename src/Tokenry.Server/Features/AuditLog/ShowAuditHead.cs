using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Authentication;

namespace Tokenry.Server.Features.AuditLog;

/// <summary>Shows the newest signed head, for those who keep it elsewhere.</summary>
public sealed class ShowAuditHead(Gate gate, AuditHeadKeeper keeper)
{
    public async Task<AuditHead> RunAsync(Caller caller)
    {
        await gate.AuthorizeAsync(caller, new Demand(ManagementApi.AuditRead), "audit.head_read");
        return await keeper.CurrentAsync();
    }
}
