using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Notices;

/// <summary>Lists the caller's notices, the newest first.</summary>
public sealed class ListNotices(Gate gate)
{
    private static readonly Demand Demand = new(ManagementApi.TokensOwn);

    /// <param name="caller">The caller.</param>
    /// <param name="listing">Limit and cursor.</param>
    public Task<Page<Notice>> RunAsync(Caller caller, Listing listing) =>
        gate.ReadAsync(
            caller,
            Demand,
            "notices.listed",
            async read =>
                listing.ToPage(
                    await NoticeStore.OfUserAsync(
                        read.Connection,
                        read.Caller.Principal.Id,
                        listing.IdCursor(NoticeRow.IdPrefix),
                        listing.Limit + 1
                    ),
                    row => row.ToNotice(),
                    row => row.Id
                )
        );
}
