using Tokenry.Benchmarks.Measuring;

namespace Tokenry.Benchmarks.Scaling;

/// <summary>One path on one core and on two, slice beside slice in the same rounds.</summary>
/// <param name="Title">The path.</param>
/// <param name="One">The server on one core.</param>
/// <param name="Two">Another process of the server, on two.</param>
public sealed record ScalingRow(string Title, Series One, Series Two)
{
    private const int Cores = 2;

    /// <summary>
    /// How many times as much two whole cores serve as one: per second of processor time that the server used or left idle. What the load and other
    /// processes took from its cores is in neither; a core that idles while another works counts against the server.
    /// </summary>
    public double SpeedUp => Times(slice => slice.Load.Requests / (slice.Cpu + slice.Idle).TotalSeconds);

    /// <summary>The same without the idle time, as if it were the load's fault: what is lost is that a request costs more processor time on two cores.</summary>
    public double SpeedUpByCost => Times(slice => slice.PerCpuSecond);

    /// <summary>Of what a request costs beyond the bare web server's echo, whose own cost on two cores is mostly the kernel's.</summary>
    public double SpeedUpBeyond(ScalingRow echo) =>
        Cores * (One.CpuMicroseconds - echo.One.CpuMicroseconds) / (Two.CpuMicroseconds - echo.Two.CpuMicroseconds);

    /// <summary>
    /// By Amdahl's law, S(n) = 1/(1 - p + p/n): p = 2 - 2/S(2). What is left to 1 is also σ + 2κ of the Universal Scalability Law; two points cannot tell its
    /// contention σ from its coherency κ. Above 1 by noise alone.
    /// </summary>
    public static double ParallelFraction(double speedUp) => Cores - Cores / speedUp;

    private double Times(Func<Slice, double> rate) =>
        Series.Median(One.Slices.Zip(Two.Slices, (one, two) => Cores * rate(two) / rate(one)));
}
