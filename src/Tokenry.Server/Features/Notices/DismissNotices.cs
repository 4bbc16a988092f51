using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Notices;

/// <summary>Removes notices that their person has seen. The trail keeps the events.</summary>
public sealed class DismissNotices(Gate gate)
{
    private static readonly Demand Demand = new(ManagementApi.TokensOwn);

    /// <param name="caller">The caller.</param>
    /// <param name="id">The notice; <c>null</c> = all of the caller.</param>
    /// <exception cref="ProblemException">404: the caller has no such notice.</exception>
    public Task RunAsync(Caller caller, string? id) =>
        gate.WriteAsync(
            caller,
            Demand,
            "notices.dismissed",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                entry.OrganizationId = null; // the person's own, wherever they act
                entry.TargetType = "notice";
                entry.TargetId = id;
                var dismissed =
                    id is null || PublicId.IsWellFormed(id, NoticeRow.IdPrefix)
                        ? await NoticeStore.DismissAsync(tx, now.Principal.Id, id)
                        : 0;
                entry.ChangedNothing = dismissed == 0;
                return dismissed > 0 || id is null ? true : throw ProblemException.NotFound();
            }
        );
}
