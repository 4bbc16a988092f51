using System.Collections.Concurrent;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// Other issuers' published keys, by address: fetched once for however many wait, kept for ten minutes, and for an hour where fetches fail: an
/// issuer that is gone for longer is trusted no more. A key nobody knows leads to one more fetch in thirty seconds, however many strangers make one up.
/// </summary>
public sealed partial class IssuerKeys(Egress egress, TimeProvider time, ILogger<IssuerKeys> logger)
{
    private const int MostIssuers = 1000;
    private const int MostUnusedLogged = 10;
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestKept = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Issuer> issuers = new(StringComparer.Ordinal);

    /// <summary>The keys as they were last known; <c>null</c> where they could not be fetched for an hour, or never.</summary>
    /// <param name="address">Of the JWK Set.</param>
    /// <param name="keyId">The key that is wanted, for whose sake the set is fetched again if it lacks it.</param>
    public ValueTask<JsonWebKeySet?> GetAsync(Uri address, string? keyId)
    {
        if (issuers.Count > MostIssuers)
        {
            // Those that are in use come back with their next token.
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
        /// <summary>What was logged last: each set of an issuer is reported once, not at every fetch.</summary>
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
                    // An empty set would end every workload at once; what is no set says nothing. Keys in use by others are not disposed of.
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
