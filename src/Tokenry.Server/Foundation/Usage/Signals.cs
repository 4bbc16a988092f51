using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Usage;

/// <summary>
/// What somebody should look at: use after revocation or expiry, a burst of denials, probing of scopes, a dormant credential awake, a new
/// network. Each becomes an audit event <c>signal.…</c>, a count and a line in the log; the same one once an hour, over all replicas.
/// </summary>
public sealed partial class Signals(Database database, ServerMetrics metrics, TimeProvider time, ILogger<Signals> logger) : IUsageSink
{
    public const string RevokedUse = "signal.revoked_use";
    public const string ExpiredUse = "signal.expired_use";
    public const string DenialBurst = "signal.denial_burst";
    public const string ScopeProbing = "signal.scope_probing";
    public const string DormantAwake = "signal.dormant_awake";
    public const string NewNetwork = "signal.new_network";

    /// <summary>Denials from one network within a minute.</summary>
    private const int Burst = 50;

    /// <summary>Different sets of scopes one credential was refused within ten minutes.</summary>
    private const int Probes = 5;

    private const int MostPending = 10_000;
    private const int MostKnown = 100_000;
    private const int MostNetworks = 50;
    private const long Hour = 3_600_000;

    private readonly ConcurrentDictionary<Signal, byte> pending = new();
    private readonly ConcurrentDictionary<(string CredentialId, ulong Network), byte> knownNetworks = new();
    private readonly ConcurrentQueue<Seen> seen = new();
    private readonly Windowed<ulong> bursts = new(TimeSpan.FromMinutes(1));
    private readonly Windowed<string> probes = new(TimeSpan.FromMinutes(10));
    private readonly ConcurrentDictionary<(string CredentialId, string Scopes), byte> probed = new();

    public void Denied(in Use use)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (use.Code is VerificationCode.Revoked or VerificationCode.Expired)
        {
            Raise(use.Code == VerificationCode.Revoked ? RevokedUse : ExpiredUse, use);
        }

        if (use.From.Address is { } address && bursts.Count(Networks.Key(address), now) == Burst)
        {
            // Of the network, whatever it presented.
            Raise(DenialBurst, use with { Credential = Authenticated.Failed(use.Code) });
        }

        if (use is { Code: VerificationCode.InsufficientScope, Credential.CredentialId: { } id })
        {
            if (probed.Count > MostKnown)
            {
                probed.Clear();
            }

            if (probed.TryAdd((id, use.Scopes?.ToString() ?? ""), 0) && probes.Count(id, now) == Probes)
            {
                Raise(ScopeProbing, use);
            }
        }
    }

    /// <summary>A good use: is the network new to the credential?</summary>
    public void Used(Authenticated credential, in UseCircumstances from)
    {
        if (from.Address is null)
        {
            return;
        }

        var key = (credential.CredentialId!, Networks.Key(from.Address));
        if (knownNetworks.ContainsKey(key) || seen.Count > MostPending)
        {
            return;
        }

        if (knownNetworks.Count > MostKnown)
        {
            knownNetworks.Clear();
        }

        if (knownNetworks.TryAdd(key, 0))
        {
            seen.Enqueue(new Seen(credential.CredentialId!, credential.Owner!.Id, from));
        }
    }

    public void Raise(string name, string? credentialId, string actor, in UseCircumstances from, string? api = null)
    {
        if (pending.Count < MostPending)
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            pending.TryAdd(
                new Signal(name, credentialId, actor, Networks.Name(from.Address), now - now % Hour) { Api = api, From = from },
                0
            );
        }
    }

    private void Raise(string name, in Use use) =>
        Raise(name, use.Credential.CredentialId, use.Credential.Owner?.Id ?? "anonymous", use.From, use.Api?.Identifier);

    public async Task FlushAsync()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        bursts.Forget(now);
        if (probes.Forget(now))
        {
            probed.Clear();
        }

        while (seen.TryPeek(out var first))
        {
            await database.WriteAsync(tx => LookAsync(tx, first, now));
            seen.TryDequeue(out _);
        }

        foreach (var signal in pending.Keys)
        {
            var isFirst = await database.WriteAsync(tx => RecordAsync(tx, signal, now));
            pending.TryRemove(signal, out _);
            if (isFirst)
            {
                metrics.Signal(signal.Name);
                LogSignal(signal.Name, signal.CredentialId, signal.Actor, signal.Network);
            }
        }
    }

    /// <summary>The store knows which networks a credential was used from before.</summary>
    private async Task<bool> LookAsync(WriteTransaction tx, Seen use, long now)
    {
        var known = await tx.FirstOrDefaultAsync<long>(
            "SELECT count(*) FROM credential_networks WHERE credential_id = @CredentialId",
            new { use.CredentialId }
        );
        if (known >= MostNetworks)
        {
            return false; // one that is at home everywhere says nothing by being somewhere else
        }

        var isNew = await tx.ExecuteAsync(
            "INSERT INTO credential_networks (credential_id, network, first_seen_at) VALUES (@CredentialId, @Network, @now) ON CONFLICT DO NOTHING",
            new
            {
                use.CredentialId,
                Network = Networks.Name(use.From.Address),
                now,
            }
        );
        if (isNew == 1 && known > 0)
        {
            Raise(NewNetwork, use.CredentialId, use.OwnerId, use.From);
        }

        return isNew == 1;
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
                Ip = signal.From.Address?.ToString(),
                Agent = signal.From.Agent,
                RequestId = signal.From.RequestId,
            }
        );
        return true;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Signal}: {CredentialId} of {Actor} from {Network}")]
    private partial void LogSignal(string signal, string? credentialId, string actor, string network);

    private sealed record Seen(string CredentialId, string OwnerId, UseCircumstances From);

    /// <summary>Equal by what makes it the same signal; the first one's circumstances are told.</summary>
    private sealed record Signal(string Name, string? CredentialId, string Actor, string Network, long Hour)
    {
        public string? Api { get; init; }

        public UseCircumstances From { get; init; }

        public bool Equals(Signal? other) =>
            other is not null && (Name, CredentialId, Network, Hour) == (other.Name, other.CredentialId, other.Network, other.Hour);

        public override int GetHashCode() => HashCode.Combine(Name, CredentialId, Network, Hour);
    }
}
