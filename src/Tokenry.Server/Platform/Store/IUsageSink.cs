namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Something that is aggregated in memory and written every second: nothing on a hot path awaits a write, and a killed process loses at most
/// one second of it.
/// </summary>
public interface IUsageSink
{
    /// <summary>Writes what was gathered. Never runs twice at once.</summary>
    /// <exception cref="StoreUnavailableException">What was not written is kept for the next time.</exception>
    Task FlushAsync();
}
