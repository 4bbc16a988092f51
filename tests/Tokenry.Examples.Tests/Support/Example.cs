using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text;

namespace Tokenry.Examples.Tests.Support;

/// <summary>One of the examples, started by its own <c>run</c> as a person would: Tokenry, the proxy and what stands behind it.</summary>
internal sealed class Example : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);
    private readonly OutputLines _output = new();
    private readonly OutputLines _error = new();
    private readonly ChildProcess _process;
    private readonly Action _end;

    private Example(string name, string folder, ProcessStartInfo start)
    {
        (Name, Folder) = (name, folder);
        _process = ChildProcess.Start(start, _output, _error);
        _end = () =>
        {
            Stop(); // SIGTERM, so that the script ends its own: a killed script could not
            Directory.Delete(Folder, recursive: true);
        };
        AtExit.Add(_end);
    }

    public string Name { get; }

    /// <summary>Its data and logs.</summary>
    public string Folder { get; }

    public string Proxy => this["PROXY"];

    /// <summary>Tokenry itself, with an administrator's token.</summary>
    public ApiClient Admin => new(this["TOKENRY"], this["ADMIN"]);

    /// <summary>What <c>try.env</c> says.</summary>
    public string this[string name] =>
        File.ReadLines(Path.Combine(Folder, "try.env")).First(line => line.StartsWith(name + "=", StringComparison.Ordinal))[
            (name.Length + 1)..
        ];

    /// <summary>Back when it waits for Ctrl-C.</summary>
    public static async Task<Example> StartAsync(string name, string? connectionString = null)
    {
        var folder = Directory.CreateTempSubdirectory("tokenry-example-").FullName;
        var example = new Example(name, folder, Command(name, "run", folder, connectionString));
        var waited = Stopwatch.StartNew();
        while (!example._output.ToString().Contains("Ctrl-C ends", StringComparison.Ordinal))
        {
            if (example._process.HasExited || waited.Elapsed > Patience)
            {
                var words = $"{example._output}\n{example._error}";
                await example.DisposeAsync();
                throw new InvalidOperationException($"examples/{name}/run did not start:\n{words}");
            }

            await Task.Delay(50);
        }

        return example;
    }

    /// <summary><c>examples/NAME/run check</c> in a folder of one's own.</summary>
    public static Task<CommandResult> CheckAsync(string name, string folder, string? connectionString = null) =>
        ChildProcess.RunAsync(Command(name, "check", folder, connectionString), Patience);

    /// <summary>The processes that stand in the folder's pid files.</summary>
    public static IReadOnlyDictionary<string, int> Processes(string folder) =>
        Directory
            .GetFiles(folder, "*.pid")
            .ToDictionary(
                path => Path.GetFileNameWithoutExtension(path),
                path => int.Parse(File.ReadAllText(path), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture),
                StringComparer.Ordinal
            );

    /// <summary>SIGKILL to one part of it.</summary>
    public void Kill(string part) => Posix.Send(Processes(Folder)[part], Signal.Kill);

    /// <summary>Where credentials of <c>try.env</c> stand in any log of anybody; nothing is good.</summary>
    public IEnumerable<string> Leaks()
    {
        var secrets = File.ReadLines(Path.Combine(Folder, "try.env"))
            .Select(line => line.Split('=', 2))
            .Where(pair => pair[1].StartsWith("tkr_", StringComparison.Ordinal))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        return Logs().SelectMany(path => SecretForms.Found(secrets, File.ReadAllBytes(path), Path.GetFileName(path)));
    }

    /// <summary>Files with a private key or a credential of <c>try.env</c> that others than their owner may read.</summary>
    [SupportedOSPlatform("linux")]
    public static IEnumerable<string> Exposed(string folder)
    {
        var secrets = File.ReadLines(Path.Combine(folder, "try.env"))
            .Select(line => line.Split('=', 2)[1])
            .Where(value => value.StartsWith("tkr_", StringComparison.Ordinal))
            .Append("PRIVATE KEY-----")
            .ToList();
        return Directory
            .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            // git writes down the address it cloned from, and the tour puts the password into that.
            .Where(path => !path.EndsWith("/.git/config", StringComparison.Ordinal))
            .Where(path => (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0)
            .Where(path => secrets.Exists(File.ReadAllText(path, Encoding.Latin1).Contains));
    }

    /// <summary>Every log of the proxy, of Tokenry and of what stands behind.</summary>
    public IEnumerable<string> Logs() =>
        new[] { "*.log", "*.json" }
            .SelectMany(pattern => Directory.GetFiles(Folder, pattern, SearchOption.AllDirectories))
            .Where(path => Path.GetFileName(path) != "server.json");

    /// <summary>The requests with this <c>X-Test-Id</c> that reached the API.</summary>
    public IReadOnlyList<SeenRequest> Seen(string testId) =>
        [
            .. File.ReadLines(Path.Combine(Folder, "api.log"))
                .Select(SeenRequest.Read)
                .OfType<SeenRequest>()
                .Where(seen => seen.TestId == testId),
        ];

    public ValueTask DisposeAsync()
    {
        AtExit.Remove(_end);
        _end();
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Stop()
    {
        if (_process.HasExited)
        {
            return;
        }

        _process.Signal(Signal.Terminate);
        var waited = Stopwatch.StartNew();
        while (!_process.HasExited && waited.Elapsed < StopPatience)
        {
            Thread.Sleep(20);
        }
    }

    private static ProcessStartInfo Command(string name, string mode, string folder, string? connectionString)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "examples", name, "run"), mode]);
        start.Environment["EXAMPLE_DATA"] = folder;
        start.Environment["EXAMPLE_BUILT"] = "1";
        start.Environment["TOKENRY_PORT"] = Text(FreePort.Next());
        start.Environment["API_PORT"] = Text(FreePort.Next());
        start.Environment["PROXY_PORT"] = Text(FreePort.Next());
        start.Environment["TLS_PORT"] = Text(FreePort.Next());
        start.Environment.Remove("ConnectionStrings__Tokenry");
        if (connectionString is not null)
        {
            start.Environment["ConnectionStrings__Tokenry"] = connectionString;
        }

        start.Environment["Logging__LogLevel__Default"] = "Trace";
        start.StandardOutputEncoding = Encoding.UTF8;
        return start;

        static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
    }
}
