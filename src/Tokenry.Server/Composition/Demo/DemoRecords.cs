using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Composition.Demo;

/// <summary>Makes what uses leave behind: the access log, the counters, and the rest of the audit trail.</summary>
internal sealed class DemoRecords(DemoSize size, DemoPopulation population, DateTimeOffset now)
{
    private const long Minute = 60_000;
    private const long Hour = 3_600_000;

    /// <summary>The server keeps counters by the minute for this long.</summary>
    private static readonly TimeSpan MinutesKept = TimeSpan.FromDays(2);

    private static readonly string[] Refusals = ["insufficient_scope", "expired", "revoked", "ip_not_allowed", "rate_limited"];

    private readonly DemoDice dice = new();
    private long audited;

    /// <param name="slice">Takes the rows; it has the audit events of <see cref="DemoPopulation"/>.</param>
    /// <param name="index">Which slice it is.</param>
    /// <param name="slices">Of how many.</param>
    public void Make(DemoSlice slice, int index, int slices)
    {
        if (population.Known.Count == 0)
        {
            return;
        }

        for (var (i, count) = (0, DemoPopulation.Share(size.Rows / 2, index, slices)); i < count; i++)
        {
            slice.Access.Add(Access(slice.At(i, count)));
        }

        for (var (i, count) = (0, DemoPopulation.Share(size.UsageCounters / 2, index, slices)); i < count; i++)
        {
            Count(slice, slice.At(i, count).ToUnixTimeMilliseconds());
        }

        audited += slice.Audit.Count;
        var missing = (int)Math.Max(0, (long)(size.Rows / 2) * (index + 1) / slices - audited);
        for (var i = 0; i < missing; i++)
        {
            slice.Audit.Add(Refusal(slice.At(i, missing)));
        }

        audited += missing;
    }

    private AccessRow Access(DateTimeOffset at)
    {
        var credential = dice.Of(population.Known);
        return new AccessRow
        {
            Id = Id("acc", at),
            At = at.ToUnixTimeMilliseconds(),
            Door = "verify",
            CredentialId = credential.Id,
            Kind = credential.Kind,
            Subject = credential.OwnerId,
            Api = credential.Role.Api,
            Scope = dice.Of(credential.Role.Scopes),
            Result = dice.Pick(30) == 0 ? dice.Of(Refusals) : "valid",
            Ip = credential.Ip,
            RequestId = Id("req", at),
        };
    }

    private void Count(DemoSlice slice, long at)
    {
        var credential = dice.Of(population.Known);
        var (code, uses) = (dice.Pick(30) == 0 ? dice.Of(Refusals) : "valid", 1 + dice.Pick(200));
        Count("hour", at - at % Hour);
        if (now.ToUnixTimeMilliseconds() - at < MinutesKept.TotalMilliseconds)
        {
            Count("minute", at - at % Minute);
        }

        void Count(string span, long start)
        {
            slice.Counters.Add(new DemoCounter(span, start, credential, "", code, uses));
            slice.Counters.Add(new DemoCounter(span, start, credential, dice.Of(credential.Role.Scopes), code, uses));
        }
    }

    /// <summary>Refusals of a minute, in one event as the server aggregates them.</summary>
    private AuditEntry Refusal(DateTimeOffset at)
    {
        var credential = dice.Of(population.Known);
        var first = at.ToUnixTimeMilliseconds();
        return new AuditEntry
        {
            Id = Id("evt", at),
            At = first,
            LastAt = first + dice.Pick(50) * 1000,
            Actor = credential.OwnerId,
            CredentialId = credential.Id,
            Action = "door.denied",
            Api = credential.Role.Api,
            OrganizationId = credential.OrganizationId,
            Result = AuditEntry.Denied,
            Reason = dice.Of(Refusals),
            Ip = $"{credential.Ip[..credential.Ip.LastIndexOf('.')]}.0/24",
            Count = 1 + dice.Pick(20),
        };
    }

    private static string Id(string prefix, DateTimeOffset at) => PublicId.Create(prefix, PublicId.NewUuid7(at));
}
