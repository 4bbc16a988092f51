using System.Text.Json;

namespace Enrolment;

/// <summary>What every device of a fleet is told.</summary>
/// <param name="Tokenry">Where devices are registered.</param>
/// <param name="Role">What each may do: the id of a role.</param>
/// <param name="TokenEndpoint">Where devices with certificates get their tokens.</param>
/// <param name="Hub">Where they report; its address is its identifier too.</param>
/// <param name="Trust">The servers' certificates.</param>
internal sealed record FleetSettings(string Tokenry, string Role, string TokenEndpoint, string Hub, string Trust);

/// <summary>The folder of a fleet: its authority, and a folder a device with what goes onto that device.</summary>
internal sealed class Fleet
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly string _folder;
    private readonly DeviceAuthority _authority;

    private Fleet(string folder, FleetSettings settings)
    {
        _folder = folder;
        Settings = settings;
        _authority = DeviceAuthority.OpenOrMake(folder);
    }

    public FleetSettings Settings { get; }

    /// <summary>The authority's certificate, in PEM.</summary>
    public string AuthorityPem => _authority.Pem;

    public static Fleet Open(string folder)
    {
        var settings = JsonSerializer.Deserialize<FleetSettings>(File.ReadAllText(Path.Combine(folder, "settings.json")), Json);
        return new(folder, settings ?? throw new IOException("settings.json is empty."));
    }

    /// <summary>Two at once would register devices twice.</summary>
    public IDisposable LockForOne() =>
        new FileStream(Path.Combine(_folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    /// <summary>Key and certificate in one file, of which a killed run leaves all or nothing.</summary>
    public void MakeDevice(string name)
    {
        var path = PathOf(name, "device.pem");
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            PrivateFile.Replace(path, _authority.Issue(name));
        }
    }

    /// <summary>What the device has to know beside its key.</summary>
    public void TellDevice(string name, string clientId)
    {
        var told = new
        {
            ClientId = clientId,
            Settings.TokenEndpoint,
            Settings.Hub,
            Settings.Trust,
        };
        PrivateFile.Replace(PathOf(name, "device.json"), JsonSerializer.Serialize(told, Json));
    }

    /// <summary>Whether the device has all it needs.</summary>
    public bool IsMade(string name) => File.Exists(PathOf(name, "device.pem")) && File.Exists(PathOf(name, "device.json"));

    private string PathOf(string name, string file) => Path.Combine(_folder, "devices", name, file);
}
