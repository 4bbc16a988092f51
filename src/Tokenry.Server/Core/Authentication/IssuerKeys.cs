using System.Collections.Concurrent;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// Other issuers' published keys, by address. All waiting requests share one fetch. The keys are kept for ten minutes, and for an hour if fetches fail; after
/// that the issuer is no longer trusted. An unknown key causes one more fetch at most every thirty seconds, so that invented key ids cannot cause a flood.
/// </summary>
public sealed partial class IssuerKeys(Egress egress, TimeProvider time, ILogger<IssuerKeys> logger)
{
    private const int MostIssuers = 1000;
    private const int MostUnusedLogged = 10;
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestKept = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Issuer> issuers = new(StringComparer.Ordinal);

    /// <summary>The keys as last known; <c>null</c> if no fetch has succeeded for an hour, or ever.</summary>
    /// <param name="address">The address of the JWK Set.</param>
    /// <param name="keyId">The required key. If the set lacks it, the server fetches the set again.</param>
    public ValueTask<JsonWebKeySet?> GetAsync(Uri address, string? keyId)
    {
        if (issuers.Count > MostIssuers)
        {
            // Issuers in use come back with their next token.
            issuers.TryRemove(issuers.Keys.First(), out _);
        }

        return issuers.GetOrAdd(address.AbsoluteUri, _ => new Issuer(address, egress, time, LogUnused)).GetAsync(keyId);
    }

    private static string Unused(JsonWebKeySet set) =>
        string.Join("; ", set.Unused.Take(MostUnusedLogged).Select(FederatedIdentityMaterial.Describe));

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Of the keys of {Host}, {Used} are used. Not used: {Unused}")]
    private partial void LogUnused(string host, int used, string unused);

    private sealed class Issuer(Uri address, Egress egress, TimeProvider time, Action<string, int, string> logUnused)
    {
        /// <summary>What was logged last, so that the log reports each set of an issuer once, not at every fetch.</summary>
        private string reported = "";

        private readonly Lock gate = new();
        private JsonWebKeySet? keys;
        private long fetchedAt;
        private long? triedAt;
        private Task? running;

        public async ValueTask<JsonWebKeySet?> GetAsync(string? keyId)
        {
            Task waitFor;
            lock (gate)
            {
                var now = time.GetTimestamp();
                if (keys is not null && time.GetElapsedTime(fetchedAt, now) < Fresh && (keyId is null || keys.Find(keyId) is not null))
                {
                    return keys;
                }

                if (running is null)
                {
                    if (triedAt is { } last && time.GetElapsedTime(last, now) < Pause)
                    {
                        return Kept;
                    }

                    triedAt = now;
                    running = Task.Run(FetchAsync);
                }

                waitFor = running;
            }

            await waitFor;
            lock (gate)
            {
                return Kept;
            }
        }

        private JsonWebKeySet? Kept => time.GetElapsedTime(fetchedAt) < LongestKept ? keys : null;

        private async Task FetchAsync()
        {
            try
            {
                var fetched = await egress.GetAsync(address) is { } body && JsonWebKeySet.TryParse(body, out var set) ? set : null;
                Report(fetched);
                lock (gate)
                {
                    // An empty set would end every workload at once, and an invalid document is no evidence. Other requests may use the old keys, so they are
                    // not disposed of.
                    if (fetched is { Keys.Count: > 0 })
                    {
                        (keys, fetchedAt) = (fetched, time.GetTimestamp());
                    }
                }
            }
            finally
            {
                lock (gate)
                {
                    running = null;
                }
            }
        }

        private void Report(JsonWebKeySet? fetched)
        {
            var unused = fetched is null ? reported : Unused(fetched);
            if (unused != reported)
            {
                reported = unused;
                if (unused.Length > 0)
                {
                    logUnused(address.Authority, fetched!.Keys.Count, unused);
                }
            }
        }
    }
}
