using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Tokenry.Peers.OpenIddict;

/// <summary>
/// In OpenIddict's favour: no request waits for the disk, and one that meets SQLite's lock is woken by SQLite within milliseconds. Without it the
/// provider sleeps 150 ms before it tries again, and under load some requests take seconds.
/// </summary>
internal sealed class WaitingConnections : DbConnectionInterceptor
{
    public override async Task ConnectionOpenedAsync(
        DbConnection connection,
        ConnectionEndEventData eventData,
        CancellationToken cancellationToken = default
    )
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000";
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
