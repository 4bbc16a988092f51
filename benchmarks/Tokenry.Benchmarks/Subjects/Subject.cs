using System.Globalization;
using System.Text;
using Tokenry.Benchmarks.Load;
using Tokenry.Benchmarks.Measuring;

namespace Tokenry.Benchmarks.Subjects;

/// <summary>A running server that is measured: Tokenry on one engine, the limit, or a peer.</summary>
public sealed class Subject(string name, string address, int processId, IReadOnlyDictionary<string, IReadOnlyList<PlannedRequest>> requests)
    : IAsyncDisposable
{
    private static readonly HttpClient Http = Client(certificate: null);

    public string Name => name;

    public string Address => address;

    public int ProcessId => processId;

    /// <summary>The load of each path it serves.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PlannedRequest>> Requests => requests;

    public Placement Placement { get; init; } = Placement.Apart;

    /// <summary>Bytes it has allocated since its start; absent where it cannot say.</summary>
    public Func<Task<long>>? Allocated { get; init; }

    /// <summary>Processes that work for it besides its own: its database.</summary>
    public Func<IReadOnlyList<int>> Database { get; init; } = () => [];

    /// <summary>What ends it.</summary>
    public required Func<ValueTask> End { private get; init; }

    public TimeSpan ProcessorTime() => Processes.Time(processId);

    /// <summary>Time in which its cores had nothing to do, by anybody.</summary>
    public TimeSpan IdleTime() => Processes.IdleTime(Placement.ServerCores);

    public TimeSpan CompilingTime() => Processes.CompilingTime(processId);

    public TimeSpan DatabaseTime() => Database().Aggregate(TimeSpan.Zero, (sum, id) => sum + Processes.Time(id));

    /// <summary>Sends each request of a path once, and looks at the answers: a benchmark of refusals would be fast and worthless.</summary>
    /// <exception cref="InvalidOperationException">An answer is not what the path promises.</exception>
    public async Task CheckAsync(string path)
    {
        foreach (var planned in requests[path].Select(planned => planned.Anew?.Invoke() ?? planned))
        {
            using var request = new HttpRequestMessage(new HttpMethod(planned.Method), (planned.TlsAddress ?? address) + planned.Path);
            if (planned.Body is not null)
            {
                request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(planned.Body));
            }

            foreach (var (header, value) in planned.Headers)
            {
                if (!request.Headers.TryAddWithoutValidation(header, value))
                {
                    request.Content!.Headers.TryAddWithoutValidation(header, value);
                }
            }

            using var client = planned.Certificate is { } certificate ? Client(certificate) : null;
            using var response = await (client ?? Http).SendAsync(request);
            var body = await response.Content.ReadAsStringAsync();
            if (!response.IsSuccessStatusCode || !body.Contains(planned.Expected, StringComparison.Ordinal))
            {
                throw new InvalidOperationException(
                    string.Create(CultureInfo.InvariantCulture, $"{name} answers {path} with {(int)response.StatusCode}: {body}")
                );
            }
        }
    }

    public static async Task<string> GetAsync(string url) => await Http.GetStringAsync(new Uri(url));

    public static async Task<bool> AnswersAsync(string url)
    {
        try
        {
            await GetAsync(url);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public ValueTask DisposeAsync() => End();

    private static HttpClient Client(string? certificate)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        };
        if (certificate is not null)
        {
            handler.SslOptions = CertificateLoad.Present(certificate);
        }

        return new HttpClient(handler);
    }
}
