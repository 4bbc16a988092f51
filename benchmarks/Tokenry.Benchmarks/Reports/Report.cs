using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Measuring;

namespace Tokenry.Benchmarks.Reports;

/// <summary>One ratio with what was asked for; a goal of zero asks nothing.</summary>
public sealed record Ratio(string To, double Value, double Goal)
{
    public bool IsMissed => Goal > 0 && Value < Goal;
}

/// <summary>One path measured: ours on both engines, the limit, the peers.</summary>
public sealed record Row(Comparison Comparison, IReadOnlyList<Series> Ours, Series Echo, double Limit, IReadOnlyList<Series> Peers)
{
    /// <summary>Of the engine that is in front, SQLite: to the limit, to each peer; and PostgreSQL's to SQLite.</summary>
    public IReadOnlyList<Ratio> Ratios =>
        [
            new(Comparison.LimitName, Ours[0].PerCpuSecond / Limit, Comparison.Goal),
            .. Comparison.Rivals.Zip(Peers, (rival, peer) => new Ratio(peer.Subject, Ours[0].PerCpuSecond / peer.PerCpuSecond, rival.Goal)),
            .. Ours.Skip(1)
                .Select(other => new Ratio("PostgreSQL to SQLite", other.PerCpuSecond / Ours[0].PerCpuSecond, Goals.OtherEngine)),
        ];
}

/// <summary>What one run of the suite found.</summary>
public sealed record Report
{
    public required DateOnly Date { get; init; }

    public required string Machine { get; init; }

    public required string Commit { get; init; }

    public required CryptoLimits Crypto { get; init; }

    public required IReadOnlyList<Row> Rows { get; init; }
}
