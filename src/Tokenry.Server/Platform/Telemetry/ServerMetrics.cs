using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>The server's own metrics; their names never change. No label is ever an id, an address or a name of a user.</summary>
public sealed class ServerMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Tokenry";

    private readonly Meter meter;
    private readonly Counter<long> decisions;
    private readonly Counter<long> issued;
    private readonly Counter<long> signals;
    private readonly ConcurrentDictionary<string, long> auditFaults = new(StringComparer.Ordinal)
    {
        [ChainFault.RolledBack] = 0,
        [ChainFault.Broken] = 0,
    };

    private ChainFault? auditFault;

    public ServerMetrics(IMeterFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        meter = factory.Create(MeterName);
        decisions = meter.CreateCounter<long>(
            "tokenry.decisions",
            "{decision}",
            "Decisions about presented credentials, by door and code."
        );
        issued = meter.CreateCounter<long>("tokenry.tokens.issued", "{token}", "Access tokens issued, by grant.");
        signals = meter.CreateCounter<long>("tokenry.signals", "{signal}", "Signals of misuse, by signal.");
        // Observable, because the first fault may occur before a listener starts.
        meter.CreateObservableCounter(
            "tokenry.audit.faults",
            () => auditFaults.Select(fault => new Measurement<long>(fault.Value, new KeyValuePair<string, object?>("fault", fault.Key))),
            "{fault}",
            "Times the audit trail lacked events known from outside it."
        );
        meter.CreateObservableGauge(
            "tokenry.audit.missing",
            () => auditFault?.Missing ?? 0,
            "{event}",
            "Newest audit events found missing."
        );
        meter.CreateObservableGauge(
            "tokenry.audit.missing_time",
            () => auditFault?.Back.TotalSeconds ?? 0,
            "s",
            "The time that the missing events cover."
        );
    }

    /// <param name="door"><c>verify</c>, <c>forward_auth</c>, <c>introspection</c>, <c>management</c> or <c>client_authentication</c>.</param>
    /// <param name="code">A verification code.</param>
    public void Decision(string door, string code) => decisions.Add(1, new("door", door), new("code", code));

    /// <param name="grant">The grant type.</param>
    public void TokenIssued(string grant) => issued.Add(1, new KeyValuePair<string, object?>("grant", grant));

    /// <param name="signal">The signal's name, as in the audit.</param>
    public void Signal(string signal) => signals.Add(1, new KeyValuePair<string, object?>("signal", signal));

    public void AuditFault(ChainFault fault)
    {
        auditFault = fault;
        auditFaults.AddOrUpdate(fault.Action, 1, static (_, count) => count + 1);
    }

    public void Dispose() => meter.Dispose();
}
