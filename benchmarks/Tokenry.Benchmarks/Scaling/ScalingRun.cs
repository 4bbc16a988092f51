using Tokenry.Benchmarks.Load;
using Tokenry.Benchmarks.Measuring;
using Tokenry.Benchmarks.Subjects;

namespace Tokenry.Benchmarks.Scaling;

/// <summary>
/// The server on one core and on two. A machine with two cores has none left for the load, so each of the server's cores has a load of its own: with the
/// second core come a second wrk and its connections, and everything doubles. The bare web server is measured the same way, as the control: what it loses is
/// the machine's.
/// </summary>
internal static class ScalingRun
{
    private static readonly (string Title, string Path)[] Paths =
    [
        ("client_credentials, ES256", TokenrySubject.TokenEs256),
        ("verify an API key", TokenrySubject.Verify),
        ("introspect an opaque credential", TokenrySubject.IntrospectOpaque),
    ];

    public static async Task<IReadOnlyList<ScalingRow>> MeasureAsync(bool isShort)
    {
        using var loads = new LoadCore();
        var measurement = isShort ? new Measurement(loads, rounds: 3, sliceSeconds: 1) : new Measurement(loads, rounds: 5, sliceSeconds: 2);
        await using var one = await TokenrySubject.StartAsync(Placement.OnOne);
        await using var two = await TokenrySubject.StartAsync(Placement.OnTwo);
        await using var echo = await ChildServer.EchoAsync(Placement.OnOne);
        await using var echoOnTwo = await ChildServer.EchoAsync(Placement.OnTwo);
        var rows = new List<ScalingRow>();
        foreach (var (title, path) in Paths)
        {
            rows.Add(await RowAsync(title, path, one, two));
        }

        rows.Add(await RowAsync("form echo (Kestrel)", ChildServer.EchoForm, echo, echoOnTwo));
        return rows;

        async Task<ScalingRow> RowAsync(string title, string path, Subject alone, Subject both)
        {
            var series = await measurement.RunAsync([(alone, path), (both, path)]);
            return new ScalingRow(title, series[0], series[1]);
        }
    }
}
