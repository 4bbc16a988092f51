using System.Diagnostics.Metrics;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Telemetry;

namespace Tokenry.Server.Composition;

/// <summary>Metrics of the caches of facts: how full they are, how often they answered, and how old their answers may be.</summary>
internal sealed class FactsMetrics
{
    public FactsMetrics(
        IMeterFactory factory,
        Freshness freshness,
        CredentialCache credentials,
        ClientKeyCache clientKeys,
        PrincipalCache principals,
        CatalogCache catalog,
        RevokedAccessTokens revoked
    )
    {
        var meter = factory.Create(ServerMetrics.MeterName);
        Observed[] caches =
        [
            new("credentials", () => credentials.Counts),
            new("registered_credentials", () => credentials.RegisteredCounts),
            new("client_keys", () => clientKeys.Counts),
            new("principals", () => principals.Counts),
            new("organizations", () => principals.OrganizationCounts),
            new("catalog", () => catalog.Counts),
            new("revoked_access_tokens", () => revoked.Counts),
        ];
        meter.CreateObservableGauge("tokenry.facts.entries", () => Each(caches, counts => counts.Entries), "{entry}", "Cached facts.");
        meter.CreateObservableCounter("tokenry.facts.hits", () => Each(caches, counts => counts.Hits), "{ask}", "Answered from memory.");
        meter.CreateObservableCounter("tokenry.facts.misses", () => Each(caches, counts => counts.Misses), "{ask}", "Asked of the store.");
        meter.CreateObservableGauge("tokenry.facts.age", () => Age(freshness), "s", "How old cached facts may be.");
    }

    private static IEnumerable<Measurement<long>> Each(Observed[] caches, Func<FactsCacheCounts, long> of) =>
        caches.Select(cache => new Measurement<long>(of(cache.Counts()), cache.Tag));

    private static IEnumerable<Measurement<double>> Age(Freshness freshness) =>
        freshness.Age is { } age ? [new Measurement<double>(age.TotalSeconds)] : [];

    private sealed class Observed(string name, Func<FactsCacheCounts> counts)
    {
        public KeyValuePair<string, object?> Tag { get; } = new("cache", name);

        public Func<FactsCacheCounts> Counts => counts;
    }
}
