using System.Globalization;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Counts the live credentials that a revoked one made, for the answer to its revocation. It counts after the revocation is durable, on the connections for
/// lists, so that even a credential that made millions is revoked fast.
/// </summary>
public sealed class CountDescendants(Database database, TimeProvider time)
{
    /// <summary>The highest number in the answer.</summary>
    private const long Most = 10_000;

    private const long MostLookedAt = 100_000;

    /// <param name="principalId">The caller.</param>
    /// <param name="credentialId">The credential.</param>
    /// <returns>A number; <c>&gt;10000</c>; or <c>null</c> if there were too many ended ones to examine, or no time.</returns>
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
            return null; // the revocation is committed, so its answer must not fail
        }
    }
}
