namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Records that the server aggregates in memory and writes every second: nothing on a hot path awaits a write, and a killed process loses at most one second of
/// records.
/// </summary>
public interface IUsageSink
{
    /// <summary>Writes the aggregated records. Calls never overlap.</summary>
    /// <exception cref="StoreUnavailableException">The records that were not written are kept for the next call.</exception>
    Task FlushAsync();
}
