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
    public const string EchoTls = "echo_tls";

    /// <summary>The path of the JWT handler.</summary>
    public const string ProtectedRoute = "protected_route";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Kestrel alone, with bodies as long as those of a token request and of a verification.</summary>
    public static async Task<Subject> EchoAsync(Placement? placement = null)
    {
        var (address, tls) = ($"http://127.0.0.1:{Digits(FreePort.Next())}", $"https://127.0.0.1:{Digits(FreePort.Next())}");
        placement ??= Placement.Apart;
        var (process, _) = Start(
            placement.Server,
            Environment.ProcessPath!,
            typeof(ChildServer).Assembly.Location,
            EchoServer.Verb,
            address,
            tls
        );
        await UntilAsync(async () => await Subject.AnswersAsync(address) ? address : null, "the echo");

        var credential = new string('x', 90);
        var form =
            $"grant_type=client_credentials&resource=https%3A%2F%2Finvoices-1.example.com&scope=invoices%3Aread&padding={credential}";
        var json = $$"""{"token":"{{credential}}","api":"https://invoices-1.example.com","scopes":["invoices:read"]}""";
        var formRequest = PlannedRequest.Post("/", "application/x-www-form-urlencoded", form, "Basic " + credential, credential);
        using var client = TestAuthority.SelfSigned();
        var requests = new Dictionary<string, IReadOnlyList<PlannedRequest>>
        {
            [EchoForm] = [formRequest],
            [EchoTls] = [formRequest.WithCertificate(client, tls)],
            [EchoJson] = [PlannedRequest.Post("/", "application/json", json, "Bearer " + credential, credential)],
            [EchoGet] = [PlannedRequest.Get("/", credential, "ok")],
        };
        return new Subject("Kestrel", address, process.Id, requests)
        {
            Placement = placement,
            Allocated = async () => long.Parse(await Subject.GetAsync(address + EchoServer.AllocatedPath), CultureInfo.InvariantCulture),
            End = () => StopAsync(process),
        };
    }

    /// <summary>A script of <c>benchmarks/peers</c>.</summary>
    public static Task<Subject> NodePeerAsync(string script, params string[] arguments)
    {
        var directory = Path.Combine(Repository.Root, "benchmarks", "peers");
        return PeerAsync(script, [Path.Combine(directory, "node"), Path.Combine(directory, script), Digits(FreePort.Next()), .. arguments]);
    }

    /// <summary>A verb of <c>benchmarks/peers/Tokenry.Peers</c>, which <c>./bench</c> has built.</summary>
    public static Task<Subject> DotnetPeerAsync(string verb, params string[] arguments)
    {
        var peers = Path.Combine(Repository.Root, "benchmarks", "peers", "Tokenry.Peers", "bin", "Release", "net10.0", "Tokenry.Peers.dll");
        return PeerAsync(verb, [Environment.ProcessPath!, peers, verb, Digits(FreePort.Next()), .. arguments]);
    }

    /// <summary>It says on its first line what it serves.</summary>
    /// <exception cref="InvalidOperationException">It ended instead of serving.</exception>
    private static async Task<Subject> PeerAsync(string name, string[] command)
    {
        var (process, output) = Start(Cores.Server, command);
        var line = await UntilAsync(
            () =>
                process.HasExited
                    ? throw new InvalidOperationException($"{name} ended: {output}")
                    : Task.FromResult(output.Snapshot().FirstOrDefault(line => line.StartsWith('{'))),
            name
        );
        var announced = JsonSerializer.Deserialize<Announcement>(line, JsonSerializerOptions.Web)!;
        var requests = announced.Requests.ToDictionary(
            entry => entry.Key,
            entry =>
                announced.Signers.TryGetValue(entry.Key, out var signer)
                    ? [.. entry.Value.Select(request => Signed(request, signer))]
                    : entry.Value
        );
        return new Subject($"{announced.Name} {announced.Version}", announced.Address, process.Id, requests)
        {
            End = () => StopAsync(process),
        };
    }

    private static PlannedRequest Signed(PlannedRequest request, Signer signer)
    {
        var key = ClientKey.FromPem(signer.Key);
        return signer.ProofUri is { } uri ? request.WithProof(key, uri) : request.WithAssertion(key, signer.ClientId!, signer.Audience!);
    }

    private static (ChildProcess Process, OutputLines Output) Start(string cores, params string[] command)
    {
        var output = new OutputLines();
        return (ChildProcess.Start(Cores.On(cores, command), output, output), output);
    }

    private static async Task<string> UntilAsync(Func<Task<string?>> sign, string of)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience; await Task.Delay(50))
        {
            if (await sign() is { } seen)
            {
                return seen;
            }
        }

        throw new TimeoutException($"No sign of {of} after {Patience}.");
    }

    private static async ValueTask StopAsync(ChildProcess process)
    {
        process.Signal(Signal.Terminate);
        await process.WaitForExitAsync(Patience);
        process.Dispose();
    }

    private static string Digits(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Announcement(
        string Name,
        string Version,
        string Address,
        Dictionary<string, IReadOnlyList<PlannedRequest>> Requests,
        Dictionary<string, Signer> Signers
    );

    /// <summary>What each request of a path carries anew: a proof of the key for an address, or an assertion of the client.</summary>
    private sealed class Signer
    {
        /// <summary>PKCS #8 in PEM.</summary>
        public required string Key { get; init; }

        public string? ProofUri { get; init; }

        public string? ClientId { get; init; }

        public string? Audience { get; init; }
    }
}
