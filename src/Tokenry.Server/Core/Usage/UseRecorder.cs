using Tokenry.Protocol.Api;
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
    /// <returns>The code after the limits, and what they said.</returns>
    /// <exception cref="StoreUnavailableException">What was used before cannot be read.</exception>
    public async ValueTask<(string Code, LimitOutcome Limits)> SettleAsync(Use use)
    {
        var limits = use.Code == VerificationCode.Valid ? await limiter.UseAsync(use.Credential) : default;
        var code = limits.IsRefused ? limits.Code : use.Code;
        Decided(use with { Code = code });
        return (code, limits);
    }

    /// <summary>A decision about a presented credential that no limit concerns.</summary>
    public void Decided(in Use use)
    {
        metrics.Decision(use.Door, use.Code);
        counters.Record(use);
        accessLog.Record(use);
        if (use.IsGood)
        {
            Used(use.Credential, use.From);
        }
        else
        {
            denials.Record(use);
            signals.Denied(use);
        }
    }

    /// <summary>An issued token; what bought it was recorded when it authenticated.</summary>
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

    /// <summary>A credential did its work without deciding about an API: a client authenticated.</summary>
    public void Used(Authenticated credential, in UseCircumstances from)
    {
        lastUsed.Record(credential, from);
        signals.Used(credential, from);
    }
}
