using System.Globalization;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// How many credentials live on that a revoked one made, for the answer to its revocation. Counted after the revocation is durable, where lists are read:
/// a credential that made millions is revoked as fast as any other.
/// </summary>
public sealed class CountDescendants(Database database, TimeProvider time)
{
    /// <summary>The highest number that is told.</summary>
    private const long Most = 10_000;

    private const long MostLookedAt = 100_000;

    /// <param name="principalId">Who asks.</param>
    /// <param name="credentialId">The credential.</param>
    /// <returns>A number; <c>&gt;10000</c>; or <c>null</c> where there were too many ended ones to look at, or no time.</returns>
    public async Task<string?> RunAsync(string principalId, string credentialId)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        try
        {
            var found = await database.ListAsync(
                principalId,
                connection => LineageStore.CountAsync(connection, credentialId, now, MostLookedAt)
            );
            return found.Live > Most ? string.Create(CultureInfo.InvariantCulture, $">{Most}")
                : found.LookedAt == MostLookedAt ? null
                : found.Live.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is ListsBusyException or ListTooSlowException or StoreUnavailableException)
        {
            return null; // the revocation is done, and must be answered so
        }
    }
}
