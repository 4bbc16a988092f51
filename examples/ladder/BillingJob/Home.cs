using System.Security.Cryptography;
using System.Text.Json;

namespace BillingJob;

/// <summary>
/// The folder (<c>BILLING_JOB_HOME</c>) with what the job knows: <c>settings.json</c>, and a file for each thing that proves who it is. Those are for
/// the job alone, 0600; one that others may read is not used.
/// </summary>
internal sealed class Home
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;

    private readonly string _folder;
    private readonly Settings _settings;

    private Home(string folder, Settings settings) => (_folder, _settings) = (folder, settings);

    /// <summary>The authorization server, as tokens name it.</summary>
    public string Issuer => _settings.Issuer;

    /// <summary>The API: its address, which is its identifier too.</summary>
    public string Api => _settings.Api;

    /// <summary>The application's id: the same on every rung.</summary>
    public string ClientId => _settings.ClientId;

    public static Home Open()
    {
        var folder = Environment.GetEnvironmentVariable("BILLING_JOB_HOME") ?? throw new Refusal("BILLING_JOB_HOME names no folder.");
        var settings = JsonSerializer.Deserialize<Settings>(File.ReadAllText(Path.Combine(folder, "settings.json")), Json.Options);
        return new(folder, settings ?? throw new Refusal("settings.json is empty."));
    }

    public string PathOf(string name) => Path.Combine(_folder, name);

    public bool Has(string name) => File.Exists(PathOf(name));

    /// <summary>What the file says.</summary>
    public string ReadSecret(string name)
    {
        var path = PathOf(name);
        if (!File.Exists(path))
        {
            throw new Refusal($"There is no {name}.");
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
        {
            throw new Refusal($"Others may read {path}: chmod 600, and think about who did.");
        }

        return File.ReadAllText(path).TrimEnd();
    }

    public ECDsa ReadKey(string name)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(ReadSecret(name));
        return key;
    }

    /// <summary>A new file that nobody else could read at any time; one that is there stays.</summary>
    public void WriteSecret(string name, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new StreamWriter(PathOf(name), options);
        file.Write(text);
    }

    private sealed record Settings(string Issuer, string Api, string ClientId);
}
