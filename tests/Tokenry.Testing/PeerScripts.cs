using System.Diagnostics;

namespace Tokenry.Testing;

/// <summary>
/// The scripts of tests/interop, with which independent libraries judge us. Needs node; without it the tests fail, because a run that proved
/// nothing must not be green.
/// </summary>
public static class PeerScripts
{
    private static readonly string Directory = Path.Combine(Repository.Root, "tests", "interop");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task> Installed = new(InstallAsync);

    /// <summary>Runs a script, which must end well.</summary>
    public static async Task RunAsync(string script, IReadOnlyDictionary<string, string> environment)
    {
        await Installed.Value;
        await ExecuteAsync("node", [script], environment);
    }

    private static async Task InstallAsync()
    {
        var wanted = File.GetLastWriteTimeUtc(Path.Combine(Directory, "package-lock.json"));
        if (wanted > File.GetLastWriteTimeUtc(Path.Combine(Directory, "node_modules", ".package-lock.json")))
            await ExecuteAsync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], new Dictionary<string, string>());
    }

    private static async Task ExecuteAsync(string program, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Directory };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        (await ChildProcess.RunAsync(start, Patience)).Expect(0);
    }
}
