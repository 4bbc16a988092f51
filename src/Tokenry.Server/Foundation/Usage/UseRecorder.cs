using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server.Foundation.Usage;

/// <summary>The one call that a door makes when it has decided. Nothing here awaits: every record is written later, together with others.</summary>
public sealed class UseRecorder(
    LastUsed lastUsed,
    UsageCounters counters,
    Denials denials,
    AccessLog accessLog,
    Signals signals,
    ServerMetrics metrics
)
{
    /// <summary>A decision about a presented credential.</summary>
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
    }

    /// <summary>A credential did its work without deciding about an API: a client authenticated.</summary>
    public void Used(Authenticated credential, in UseCircumstances from)
    {
        lastUsed.Record(credential, from);
        signals.Used(credential, from);
    }
}
