using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Telemetry;

namespace Tokenry.Server.Core.Usage;

/// <summary>
/// Records the decision of a door. The door does not wait for records, which are written later in batches. It does wait for limits, because
/// they decide.
/// </summary>
public sealed class UseRecorder(
    RateLimiter limiter,
    LastUsed lastUsed,
    UsageCounters counters,
    Denials denials,
    AccessLog accessLog,
    Signals signals,
    ServerMetrics metrics
)
{
    /// <summary>Settles a decision of a door or of Tokenry's own API: counts a valid use against its limits, then records the result.</summary>
    /// <returns>The outcome of the limits.</returns>
    /// <exception cref="StoreUnavailableException">The earlier uses cannot be read.</exception>
    public async ValueTask<LimitOutcome> SettleAsync(Use use)
    {
        var limits =
            use.Result == AuditReason.Valid && use.Credential is Authenticated credential ? await limiter.UseAsync(credential) : default;
        Decided(limits.IsRefused ? use with { Result = AuditReason.Of(limits.Code) } : use);
        return limits;
    }

    /// <summary>Records a decision about a presented credential that no limit affects.</summary>
    public void Decided(in Use use)
    {
        metrics.Decision(use.Door, use.Result.Name);
        counters.Record(use);
        accessLog.Record(use);
        if (use is { IsGood: true, Credential: Authenticated credential })
        {
            Used(credential, use.From);
        }
        else
        {
            denials.Record(use);
            signals.Denied(use);
        }
    }

    /// <summary>Records an issued token. The client's credential was recorded when it authenticated.</summary>
    public void Issued(in Use use, string grant)
    {
        metrics.TokenIssued(grant);
        counters.Record(use);
        accessLog.Record(use);
        if (use.SteppedDown is { } why)
        {
            signals.Raise(Signals.SteppedDown, use, why);
        }
    }

    /// <summary>Records a use without a decision about an API: the authentication of a client.</summary>
    public void Used(Authenticated credential, in UseCircumstances from)
    {
        if (credential.CredentialId is { } id)
        {
            lastUsed.Record(id, credential.OwnerId, credential.SupersededVersion, from);
            signals.Used(id, credential.OwnerId, from);
        }
    }
}
