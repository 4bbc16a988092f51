using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Telemetry;

namespace Tokenry.Server.Core.Usage;

/// <summary>The one call that a door makes when it has decided. No record is awaited: each is written later, together with others. Limits are, since they decide.</summary>
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
    /// <summary>A decision at a door or at Tokenry's own API: what is good counts against its limits first, and what came of that is recorded.</summary>
    /// <returns>What the limits said.</returns>
    /// <exception cref="StoreUnavailableException">What was used before cannot be read.</exception>
    public async ValueTask<LimitOutcome> SettleAsync(Use use)
    {
        var limits =
            use.Result == AuditReason.Valid && use.Credential is Authenticated credential ? await limiter.UseAsync(credential) : default;
        Decided(limits.IsRefused ? use with { Result = AuditReason.Of(limits.Code) } : use);
        return limits;
    }

    /// <summary>A decision about a presented credential that no limit concerns.</summary>
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

    /// <summary>An issued token; the credential it was issued to was recorded when it authenticated.</summary>
    public void Issued(in Use use, string grant)
    {
        metrics.TokenIssued(grant);
        counters.Record(use);
        accessLog.Record(use);
        if (use.SteppedDown is { } why)
        {
            signals.SteppedDownTo(use, why);
        }
    }

    /// <summary>A credential did its work without deciding about an API: a client authenticated.</summary>
    public void Used(Authenticated credential, in UseCircumstances from)
    {
        if (credential.CredentialId is { } id)
        {
            lastUsed.Record(id, credential.OwnerId, from);
            signals.Used(id, credential.OwnerId, from);
        }
    }
}
