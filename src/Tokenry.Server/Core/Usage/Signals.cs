using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;
using Tokenry.Server.Platform.Telemetry;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Core.Usage;

/// <summary>
/// Signals for an operator to investigate: use after revocation or expiry, a replayed proof, a burst of denials, scope probing, use of a
/// dormant credential, a new network, a client that authenticates in a weaker way than it could, a client certificate forwarded by an
/// untrusted sender, a superseded secret that renews itself. Each becomes an audit event <c>signal.…</c>, a metric and a log line, once an
/// hour over all replicas.
/// </summary>
public sealed partial class Signals(Database database, ServerMetrics metrics, TimeProvider time, ILogger<Signals> logger) : IUsageSink
{
    public const string RevokedUse = "signal.revoked_use";
    public const string ExpiredUse = "signal.expired_use";
    public const string DenialBurst = "signal.denial_burst";
    public const string ScopeProbing = "signal.scope_probing";
    public const string DormantAwake = "signal.dormant_awake";
    public const string NewNetwork = "signal.new_network";
    public const string SteppedDown = "signal.stepped_down";
    public const string Replay = "signal.replay";
    public const string ForgedCertificate = "signal.forged_certificate";
    public const string SupersededRenewal = "signal.superseded_renewal";

    /// <summary>Networks from which a credential was not used for as long as hours are counted.</summary>
    public static readonly PurgeRule PurgeNetworks = new(
        "DELETE FROM credential_networks WHERE (credential_id, network) IN "
            + "(SELECT credential_id, network FROM credential_networks WHERE last_seen_at < @before LIMIT @step)",
        UsageCounters.PurgeHours.Kept
    );

    /// <summary>Denials of one network within a minute.</summary>
    private const int Burst = 50;

    /// <summary>Different scope sets refused to one credential within ten minutes.</summary>
    private const int Probes = 5;

    /// <summary>Denials of all networks within a minute.</summary>
    private const int Flood = 5000;

    /// <summary>The limit on one signal of one credential from different networks within an hour; more add no information.</summary>
    private const int MostOfOne = 20;

    private const int MostPending = 10_000;
    private const int Step = 250;
    private const int MostKnown = 100_000;
    private const int MostNetworks = 50;
    private const long Hour = 3_600_000;
    private const long ProbeWindow = 600_000;
    private const long Day = 24 * Hour;

    private readonly ConcurrentDictionary<Signal, byte> pending = new();
    private readonly ConcurrentDictionary<(string CredentialId, ulong Network), byte> knownNetworks = new();
    private readonly ConcurrentQueue<Seen> seen = new();
    private readonly Windowed<ulong> bursts = new(TimeSpan.FromMinutes(1));
    private readonly Windowed<string> probes = new(TimeSpan.FromMinutes(10));
    private readonly ConcurrentDictionary<(string CredentialId, string Scopes, long Window), byte> probed = new();
    private readonly Windowed<int> all = new(TimeSpan.FromMinutes(1));
    private readonly Windowed<(string Name, string? CredentialId)> raised = new(TimeSpan.FromHours(1));
    private readonly Windowed<Signal> known = new(TimeSpan.FromHours(1));
    private int waiting;
    private long day;

    public void Denied(in Use use)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var result = use.Result.Name;
        if (result is VerificationCode.Revoked or VerificationCode.Expired)
        {
            Raise(result == VerificationCode.Revoked ? RevokedUse : ExpiredUse, use);
        }

        if (result == VerificationCode.ProofReplayed)
        {
            Raise(Replay, use);
        }

        // A burst counts per network or over all networks, whatever credentials were presented.
        if (use.From.Address is { } address && bursts.Count(Networks.Key(address), now) == Burst)
        {
            Raise(DenialBurst, use with { Credential = NotRequested.Instance });
        }

        if (all.Count(0, now) == Flood)
        {
            Raise(DenialBurst, use with { Credential = NotRequested.Instance, From = default });
        }

        if (result == VerificationCode.InsufficientScope && use.Credential.CredentialId is { } id)
        {
            if (probed.Count > MostKnown)
            {
                probed.Clear();
            }

            if (probed.TryAdd((id, use.Scopes?.ToString() ?? "", now / ProbeWindow), 0) && probes.Count(id, now) == Probes)
            {
                Raise(ScopeProbing, use);
            }
        }
    }

    /// <summary>Checks whether the network of a valid use is new to the credential.</summary>
    public void Used(string credentialId, string ownerId, in UseCircumstances from)
    {
        if (from.Address is null)
        {
            return;
        }

        var key = (credentialId, Networks.Key(from.Address));
        if (knownNetworks.ContainsKey(key) || Volatile.Read(ref waiting) > MostPending)
        {
            return;
        }

        if (knownNetworks.Count > MostKnown)
        {
            knownNetworks.Clear();
        }

        if (knownNetworks.TryAdd(key, 0))
        {
            Interlocked.Increment(ref waiting);
            seen.Enqueue(new Seen(credentialId, ownerId, from));
        }
    }

    /// <summary>A signal that is about no API.</summary>
    public void Raise(string name, string? credentialId, string actor, in UseCircumstances from)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        Raise(new Signal(name, credentialId, actor, Networks.Name(from.Address), now - now % Hour) { From = from }, now);
    }

    /// <summary>A signal about a decision.</summary>
    /// <param name="name">One of the names above.</param>
    /// <param name="use">The decision.</param>
    /// <param name="reason">In words of ours.</param>
    public void Raise(string name, in Use use, string? reason = null)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var actor = use.Credential.OwnerId ?? AuditEntry.Anonymous;
        Raise(
            new Signal(name, use.Credential.CredentialId, actor, Networks.Name(use.From.Address), now - now % Hour)
            {
                Api = use.Api?.Identifier,
                From = use.From,
                Reason = reason,
            },
            now
        );
    }

    private void Raise(Signal signal, long now)
    {
        // Known here, it need not be asked of the store; many networks of one credential tell no more than some.
        if (known.Count(signal, now) == 1 && raised.Count((signal.Name, signal.CredentialId), now) <= MostOfOne)
        {
            pending.TryAdd(signal, 0);
        }
    }

    public async Task FlushAsync()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (now / Day > day)
        {
            day = now / Day;
            knownNetworks.Clear(); // so that each network gets its last-seen time once a day
        }

        // Only the uses that wait now: others arrive meanwhile, and the signals below must not wait for them.
        for (var left = Volatile.Read(ref waiting); left > 0; )
        {
            var chunk = new List<Seen>(Math.Min(Step, left));
            while (chunk.Count < chunk.Capacity && seen.TryDequeue(out var use))
            {
                chunk.Add(use);
            }

            try
            {
                foreach (var use in await database.WriteAsync(tx => NewAsync(tx, chunk, now)))
                {
                    Raise(NewNetwork, use.CredentialId, use.OwnerId, use.From);
                }
            }
            catch (StoreUnavailableException)
            {
                chunk.ForEach(seen.Enqueue);
                throw;
            }

            Interlocked.Add(ref waiting, -chunk.Count);
            left -= Math.Max(1, chunk.Count);
        }

        // One order on all replicas, so that two claims of the same signals cannot deadlock.
        var ordered = pending
            .Keys.OrderBy(signal => signal.Name, StringComparer.Ordinal)
            .ThenBy(signal => signal.CredentialId, StringComparer.Ordinal)
            .ThenBy(signal => signal.Network, StringComparer.Ordinal);
        foreach (var chunk in ordered.Chunk(Step))
        {
            var first = await database.WriteAsync(tx => RecordAsync(tx, chunk, now));
            foreach (var signal in chunk)
            {
                pending.TryRemove(signal, out _);
            }

            foreach (var signal in first)
            {
                metrics.Signal(signal.Name);
                LogSignal(signal.Name, signal.CredentialId, signal.Actor, signal.Network);
            }
        }
    }

    /// <summary>The uses from a network that is new to a credential with other known networks.</summary>
    private static async Task<List<Seen>> NewAsync(WriteTransaction tx, List<Seen> uses, long now)
    {
        var found = new List<Seen>();
        // One order on all replicas, so that they cannot deadlock.
        foreach (
            var use in uses.OrderBy(use => use.CredentialId, StringComparer.Ordinal).ThenBy(use => use.Network, StringComparer.Ordinal)
        )
        {
            var row = new
            {
                use.CredentialId,
                use.Network,
                now,
                MostNetworks,
            };
            var isKnown = await tx.ExecuteAsync(
                "UPDATE credential_networks SET last_seen_at = @now WHERE credential_id = @CredentialId AND network = @Network",
                row
            );
            if (isKnown > 0)
            {
                continue;
            }

            var others = await tx.FirstOrDefaultAsync<long>(
                "SELECT count(*) FROM credential_networks WHERE credential_id = @CredentialId",
                row
            );
            // For a credential with this many networks, another network has no meaning.
            if (others >= MostNetworks)
            {
                continue;
            }

            var isNew = await tx.ExecuteAsync(
                "INSERT INTO credential_networks (credential_id, network, first_seen_at, last_seen_at) "
                    + "VALUES (@CredentialId, @Network, @now, @now) ON CONFLICT DO NOTHING",
                row
            );
            if (isNew == 1 && others > 0)
            {
                found.Add(use);
            }
        }

        return found;
    }

    /// <summary>Records the signals that no replica recorded in this hour.</summary>
    private async Task<List<Signal>> RecordAsync(WriteTransaction tx, Signal[] signals, long now)
    {
        var first = new List<Signal>();
        foreach (var signal in signals)
        {
            if (await RecordAsync(tx, signal, now))
            {
                first.Add(signal);
            }
        }

        return first;
    }

    private async Task<bool> RecordAsync(WriteTransaction tx, Signal signal, long now)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{signal.Name}\n{signal.CredentialId}\n{signal.Network}\n{signal.Hour}"));
        if (!await SingleUse.ClaimAsync(tx, "signal", hash, signal.Hour + 2 * Hour))
        {
            return false;
        }

        tx.Record(
            new AuditEntry
            {
                Id = PublicId.Create("evt", PublicId.NewUuid7(time.GetUtcNow())),
                At = now,
                Actor = signal.Actor,
                CredentialId = signal.CredentialId,
                Action = signal.Name,
                Api = signal.Api,
                Result = AuditEntry.Signal,
                Reason = signal.Reason,
                Ip = signal.From.Address?.ToString(),
                Agent = signal.From.Agent,
                RequestId = signal.From.RequestId,
                OrganizationId = signal.CredentialId is null
                    ? null
                    : await tx.FirstOrDefaultAsync<string>(CredentialStore.OrganizationOf("@CredentialId"), new { signal.CredentialId }),
            }
        );
        return true;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Signal}: {CredentialId} of {Actor} from {Network}")]
    private partial void LogSignal(string signal, string? credentialId, string actor, string network);

    private sealed record Seen(string CredentialId, string OwnerId, UseCircumstances From)
    {
        public string Network { get; } = Networks.Name(From.Address);
    }

    /// <summary>Two signals are equal if an operator would see them as the same; the event has the circumstances of the first.</summary>
    private sealed record Signal(string Name, string? CredentialId, string Actor, string Network, long Hour)
    {
        public string? Api { get; init; }

        /// <summary>A fixed text of the server, never text of a caller.</summary>
        public string? Reason { get; init; }

        public UseCircumstances From { get; init; }

        public bool Equals(Signal? other) =>
            other is not null && (Name, CredentialId, Network, Hour) == (other.Name, other.CredentialId, other.Network, other.Hour);

        public override int GetHashCode() => HashCode.Combine(Name, CredentialId, Network, Hour);
    }
}
