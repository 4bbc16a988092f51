namespace Tokenry.Server.Platform.Settings;

/// <summary>The scanners that may report a leaked secret, and the effect of a report. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record LeakReportOptions
{
    internal static readonly string[] Keys = ["Policy", "Keys"];
    internal static readonly string[] Lists = ["Keys"];

    /// <summary>Public keys (SubjectPublicKeyInfo, P-256) of secret scanners by the name they send; empty = no scanner may report.</summary>
    public required IReadOnlyDictionary<string, byte[]> ScannerKeys { get; init; }

    /// <summary>Whether a report revokes the credential; else it only writes an audit event.</summary>
    public required bool Revokes { get; init; }

    internal static LeakReportOptions Read(IConfigurationSection section, List<string> faults)
    {
        var policy = section["Policy"] ?? "revoke";
        if (policy is not ("revoke" or "report"))
        {
            faults.Add($"{section.Path}:Policy '{policy}' is neither revoke nor report.");
        }

        return new() { ScannerKeys = ScannerKeyOptions.Read(section.GetSection("Keys"), faults), Revokes = policy == "revoke" };
    }
}
