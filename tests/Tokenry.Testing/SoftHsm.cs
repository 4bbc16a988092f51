using System.Diagnostics;
using System.Runtime.Versioning;

namespace Tokenry.Testing;

/// <summary>A PKCS#11 token of SoftHSM in a directory of its own, initialised, with its PIN in a file.</summary>
[SupportedOSPlatform("linux")]
public sealed class SoftHsm : IDisposable
{
    public const string Label = "tokenry-test";
    public const string Pin = "pin-4815162342";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string[] Modules =
    [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
    ];

    private readonly DirectoryInfo _work = Directory.CreateTempSubdirectory("tokenry-softhsm-");

    private SoftHsm() => AtExit.Add(Delete);

    public static string Module =>
        Modules.FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException(
            "SoftHSM is not installed. Signing keys on a token are tested with it; install it (Debian: softhsm2), or run ./test, which does."
        );

    public string PinFile => Path.Combine(_work.FullName, "pin");

    public string Configuration => Path.Combine(_work.FullName, "softhsm2.conf");

    /// <summary>Objects on the token: two for each key, its public and its private half.</summary>
    public int Objects =>
        Directory
            .EnumerateFiles(Path.Combine(_work.FullName, "tokens"), "*.object", SearchOption.AllDirectories)
            .Count(path => Path.GetFileName(path) != "token.object");

    /// <summary>What a server needs to make its keys there.</summary>
    public Dictionary<string, string?> Settings =>
        new(StringComparer.Ordinal)
        {
            ["SOFTHSM2_CONF"] = Configuration,
            ["Tokenry:SigningKeys:Store"] = "pkcs11",
            ["Tokenry:Pkcs11:Module"] = Module,
            ["Tokenry:Pkcs11:Token"] = Label,
            ["Tokenry:Pkcs11:PinFile"] = PinFile,
        };

    public static async Task<SoftHsm> CreateAsync()
    {
        var hsm = new SoftHsm();
        _ = Module;
        var tokens = Directory.CreateDirectory(Path.Combine(hsm._work.FullName, "tokens"));
        await File.WriteAllTextAsync(
            hsm.Configuration,
            $"directories.tokendir = {tokens.FullName}\nobjectstore.backend = file\nlog.level = ERROR\n"
        );
        await File.WriteAllTextAsync(hsm.PinFile, Pin + "\n");
        File.SetUnixFileMode(hsm.PinFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var start = new ProcessStartInfo(
            "softhsm2-util",
            ["--init-token", "--free", "--label", Label, "--pin", Pin, "--so-pin", "so-pin-108"]
        );
        start.Environment["SOFTHSM2_CONF"] = hsm.Configuration;
        (await ChildProcess.RunAsync(start, Patience)).Expect(0);
        return hsm;
    }

    /// <summary>For the library in this process, which reads its configuration once.</summary>
    public void UseHere() => Posix.SetEnvironment("SOFTHSM2_CONF", Configuration);

    public void Dispose()
    {
        Delete();
        AtExit.Remove(Delete);
    }

    private void Delete()
    {
        if (_work.Exists)
            _work.Delete(recursive: true);
    }
}
