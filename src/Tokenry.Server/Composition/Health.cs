using System.Globalization;
using Dapper;
using Tokenry.Server.Features.AuditLog;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Composition;

/// <summary>
/// <c>/health/live</c>: the process runs. <c>/health/ready</c>: the server can serve; 503 while it stops or the store does not answer.
/// </summary>
public static class Health
{
    // Still 200: a load balancer that removed the server would stop reads too, not only writes.
    private const string ReadOnly = "ready, but the store refused a write in the last 5 s\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/health").WithTags("Operations");
        group
            .MapGet("/live", () => TypedResults.Text("live\n"))
            .WithSummary("Check whether the process runs.")
            .Answers("text/plain")
            .OpenToAnybody();
        group
            .MapGet(
                "/ready",
                async (Database database, IHostApplicationLifetime lifetime, AuditHeadKeeper audit) =>
                    await IsReadyAsync(database, lifetime)
                        ? Results.Text((database.RefusesWrites ? ReadOnly : "ready\n") + OfTrail(audit.LastFault))
                        : Results.Text("not ready\n", statusCode: 503)
            )
            .WithSummary("Check whether the server can serve; 503 if it cannot.")
            .Answers("text/plain")
            .OpenToAnybody();
    }

    /// <summary>A second line if the store lost part of its audit log: <c>store.rolled_back events=30 seconds=1620</c>.</summary>
    private static string OfTrail(ChainFault? fault) =>
        fault is null
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{fault.Action} events={fault.Missing} seconds={(long)fault.Back.TotalSeconds}\n"
            );

    private static async Task<bool> IsReadyAsync(Database database, IHostApplicationLifetime lifetime)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return false;
        }

        try
        {
            return await database.ReadAsync(connection => connection.QuerySingleAsync<int>("SELECT 1")).WaitAsync(Patience) == 1;
        }
        catch (Exception exception) when (exception is StoreUnavailableException or TimeoutException)
        {
            return false;
        }
    }
}
