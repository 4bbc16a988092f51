using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Measuring;
using Tokenry.Benchmarks.Scale;
using Tokenry.Benchmarks.Scaling;
using Tokenry.Benchmarks.Subjects;

namespace Tokenry.Benchmarks.Reports;

/// <summary>One ratio with what was asked for; a goal of zero asks nothing.</summary>
public sealed record Ratio(string To, double Value, double Goal)
{
    public bool IsMissed => Goal > 0 && Value < Goal;
}

/// <summary>One path measured: ours on each engine, the limit, the peers.</summary>
public sealed record Row(Comparison Comparison, IReadOnlyList<Series> Ours, Series Echo, IReadOnlyList<Series> Peers, CryptoLimits Crypto)
{
    /// <summary>Requests per second of processor time that are possible.</summary>
    public double Limit => Comparison.Limit(Echo.PerCpuSecond, Crypto);

    /// <summary>SQLite to the limit.</summary>
    public Ratio ToLimit => new(Comparison.LimitName, Ours[0].RatioTo(Echo, echo => Comparison.Limit(echo, Crypto)), Comparison.Goal);

    /// <summary>SQLite to each peer.</summary>
    public IReadOnlyList<Ratio> ToPeers =>
        [.. Comparison.Rivals.Zip(Peers, (rival, peer) => new Ratio(peer.Subject, Ours[0].RatioTo(peer), rival.Goal))];

    /// <summary>The other engine, or the other build, to SQLite, where one was measured.</summary>
    public Ratio? OtherOfOurs =>
        Ours is [var sqlite, var other]
            ? new(
                sqlite.Subject,
                other.RatioTo(sqlite),
                other.Subject != TokenrySubject.Postgres || Comparison.Writes ? 0 : Goals.OtherEngine
            )
            : null;

    public IReadOnlyList<Series> All => [.. Ours, Echo, .. Peers];
}

/// <summary>What one run of the suite found; what was not asked for is absent.</summary>
public sealed record Report
{
    public required DateTimeOffset At { get; init; }

    public required string Machine { get; init; }

    public required string Commit { get; init; }

    public required CryptoLimits Crypto { get; init; }

    public required IReadOnlyList<Row> Rows { get; init; }

    public required IReadOnlyList<(string Subject, long Bytes)> Memory { get; init; }

    public StartTime? Start { get; init; }

    public IReadOnlyList<ScaleResult> Scale { get; init; } = [];

    public IReadOnlyList<ScalingRow> Scaling { get; init; } = [];

    public required TimeSpan Took { get; init; }
}
