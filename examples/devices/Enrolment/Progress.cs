using System.Diagnostics;

namespace Enrolment;

/// <summary>How far it is, once a second: in place on a terminal, else a line each time.</summary>
internal sealed class Progress : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Timer _timer;
    private readonly int _total;
    private readonly int _before;
    private int _done;

    public Progress(int total, int alreadyThere)
    {
        (_total, _before) = (total, alreadyThere);
        Console.WriteLine($"{alreadyThere} are enrolled already, {total} are to come.");
        _timer = new(_ => Show(), state: null, Interval, Interval);
    }

    public void Count() => Interlocked.Increment(ref _done);

    public void Finish()
    {
        Show();
        Console.WriteLine($"{(Console.IsOutputRedirected ? "" : "\n")}{_before + _done} are enrolled now.");
    }

    public void Dispose() => _timer.Dispose();

    private void Show()
    {
        var (done, seconds) = (Volatile.Read(ref _done), _clock.Elapsed.TotalSeconds);
        var rate = done / seconds;
        var rest =
            done == _total ? $"in {seconds:F1} s"
            : rate > 0 ? $"{(_total - done) / rate:F0} s left"
            : "starting";
        var line = $"{done} of {_total}, {rate:F0} a second, {rest}";
        Console.Write(Console.IsOutputRedirected ? line + "\n" : $"\r{line}    ");
    }
}
