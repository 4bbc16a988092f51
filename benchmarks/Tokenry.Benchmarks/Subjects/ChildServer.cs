using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Load;
using Tokenry.Testing;

namespace Tokenry.Benchmarks.Subjects;

/// <summary>Servers that are not Tokenry: the limit of the web server, and the peers.</summary>
internal static class ChildServer
{
    public const string EchoForm = "echo_form";
    public const string EchoJson = "echo_json";
    public const string EchoGet = "echo_get";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Kestrel alone, with bodies as long as those of a token request and of a verification.</summary>
    public static async Task<Subject> EchoAsync()
    {
        var port = FreePort.Next();
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        var self = Environment.ProcessPath!;
        var dll = typeof(ChildServer).Assembly.Location;
        var process = Process.Start(Cores.On(Cores.Server, self, dll, EchoServer.Verb, port.ToString(CultureInfo.InvariantCulture)))!;
        AtExit.Add(process.Kill);
        var drained = process.StandardOutput.ReadToEndAsync();
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await Subject.GetAsync(address);
                break;
            }
            catch (HttpRequestException) when (waited.Elapsed < Patience)
            {
                await Task.Delay(50);
            }
        }

        var credential = new string('x', 90);
        var form =
            $"grant_type=client_credentials&resource=https%3A%2F%2Finvoices-1.example.com&scope=invoices%3Aread&padding={credential}";
        var json = $$"""{"token":"{{credential}}","api":"https://invoices-1.example.com","scopes":["invoices:read"]}""";
        var requests = new Dictionary<string, IReadOnlyList<PlannedRequest>>
        {
            [EchoForm] = [PlannedRequest.Post("/", "application/x-www-form-urlencoded", form, "Basic " + credential, credential)],
            [EchoJson] = [PlannedRequest.Post("/", "application/json", json, "Bearer " + credential, credential)],
            [EchoGet] = [PlannedRequest.Get("/", credential, "ok")],
        };
        return new Subject("Kestrel", address, process.Id, requests)
        {
            Allocated = async () => long.Parse(await Subject.GetAsync(address + EchoServer.AllocatedPath), CultureInfo.InvariantCulture),
            End = () => KillAsync(process, drained),
        };
    }

    /// <summary>A script of <c>benchmarks/peers</c>, which says on its first line what it serves.</summary>
    /// <exception cref="InvalidOperationException">It ended instead of serving.</exception>
    public static async Task<Subject> PeerAsync(string script, params string[] arguments)
    {
        var directory = Path.Combine(Repository.Root, "benchmarks", "peers");
        var port = FreePort.Next().ToString(CultureInfo.InvariantCulture);
        var start = Cores.On(Cores.Server, ["node", Path.Combine(directory, script), port, .. arguments]);
        start.WorkingDirectory = directory;
        start.Environment["NODE_ENV"] = "production";
        var process = Process.Start(start)!;
        AtExit.Add(process.Kill);
        var line =
            await process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException($"{script} ended: {await process.StandardOutput.ReadToEndAsync()}");
        var announced = JsonSerializer.Deserialize<Announcement>(line, JsonSerializerOptions.Web)!;
        var drained = process.StandardOutput.ReadToEndAsync();
        return new Subject($"{announced.Name} {announced.Version}", announced.Address, process.Id, announced.Requests)
        {
            End = () => KillAsync(process, drained),
        };
    }

    private static async ValueTask KillAsync(Process process, Task drained)
    {
        process.Kill();
        await process.WaitForExitAsync();
        await drained;
        process.Dispose();
    }

    private sealed record Announcement(
        string Name,
        string Version,
        string Address,
        Dictionary<string, IReadOnlyList<PlannedRequest>> Requests
    );
}
