using System.Collections.Concurrent;
using System.Diagnostics;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>One request of <see cref="Traffic"/>: when it left, how long its answer took and what that was in a word.</summary>
internal sealed record Sample(TimeSpan At, TimeSpan Took, string Outcome);

/// <summary>
/// So many requests a second, whether answers come or not: a stalled server meets a growing crowd, as in life, and not clients who
/// politely wait. At most a thousand are in flight, so that a test cannot hurt more than it means to.
/// </summary>
internal sealed class Traffic
{
    private const int MostInFlight = 1000;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private readonly ConcurrentQueue<Sample> _samples = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Func<Task<string>> _ask;
    private readonly Task _running;
    private volatile bool _stopped;
    private int _inFlight;

    private Traffic(double perSecond, Func<Task<string>> ask)
    {
        _ask = ask;
        _running = Task.Run(() => RunAsync(perSecond));
    }

    public IReadOnlyCollection<Sample> Samples => _samples;

    /// <summary>The clock of <see cref="Sample.At"/>.</summary>
    public TimeSpan Now => _clock.Elapsed;

    /// <param name="perSecond">Requests a second.</param>
    /// <param name="ask">Sends one; the answer in a word. A lost connection becomes the word <c>lost</c>.</param>
    public static Traffic Start(double perSecond, Func<Task<string>> ask) => new(perSecond, ask);

    /// <summary>Verifies one credential: the code, or the status if it is not 200.</summary>
    public static Traffic Verify(double perSecond, ApiClient client, string token) => Start(perSecond, () => CodeAsync(client, token));

    public static async Task<string> CodeAsync(ApiClient client, string token)
    {
        var answer = await client.PostAsync("/v1/verify", new { token });
        return answer.Status == 200 ? answer.Text("code") : Word(answer);
    }

    /// <summary>The status; a 503 that does not say when to come back is another word.</summary>
    public static string Word(ApiResponse answer) =>
        answer.Status is 503 or 429 && answer.Header("Retry-After") is null ? $"{answer.Status} without Retry-After" : $"{answer.Status}";

    /// <summary>Sends no more, and waits for the answers that are due.</summary>
    public async Task<IReadOnlyCollection<Sample>> StopAsync()
    {
        _stopped = true;
        await _running;
        while (Volatile.Read(ref _inFlight) > 0)
            await Task.Delay(10);
        return _samples;
    }

    /// <summary>"812 × valid, 3 × 503".</summary>
    public static string Count(IEnumerable<Sample> samples) =>
        string.Join(
            ", ",
            samples.GroupBy(sample => sample.Outcome, StringComparer.Ordinal).Select(group => $"{group.Count()} × {group.Key}")
        );

    private async Task RunAsync(double perSecond)
    {
        var sent = 0L;
        while (!_stopped)
        {
            for (; sent < _clock.Elapsed.TotalSeconds * perSecond; sent++)
            {
                if (Interlocked.Increment(ref _inFlight) > MostInFlight)
                    Interlocked.Decrement(ref _inFlight); // not sent at all
                else
                    _ = AskAsync();
            }
            await Task.Delay(Tick);
        }
    }

    private async Task AskAsync()
    {
        var at = _clock.Elapsed;
        string outcome;
        try
        {
            outcome = await _ask();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            outcome = "lost";
        }
        _samples.Enqueue(new Sample(at, _clock.Elapsed - at, outcome));
        Interlocked.Decrement(ref _inFlight);
    }
}
