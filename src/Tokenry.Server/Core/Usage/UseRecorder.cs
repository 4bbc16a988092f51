using Tokenry.Protocol.Api;
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
    /// <returns>The code after the limits, and their outcome.</returns>
    /// <exception cref="StoreUnavailableException">The earlier uses cannot be read.</exception>
    public async ValueTask<(string Code, LimitOutcome Limits)> SettleAsync(Use use)
    {
        var limits = use.Code == VerificationCode.Valid ? await limiter.UseAsync(use.Credential) : default;
        var code = limits.IsRefused ? limits.Code : use.Code;
        Decided(use with { Code = code });
        return (code, limits);
    }

    /// <summary>Records a decision about a presented credential that no limit affects.</summary>
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
        lastUsed.Record(credential, from);
        signals.Used(credential, from);
    }
}
