namespace Tokenry.Server.Platform.Settings;

/// <summary>The requirements for DPoP proofs. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record DpopOptions
{
    internal static readonly string[] Keys = ["RequireNonce"];

    /// <summary>Whether every proof must carry a nonce of this server (RFC 9449 §8).</summary>
    public bool RequiresNonce { get; init; }

    internal static DpopOptions Read(IConfigurationSection section, List<string> faults) =>
        new() { RequiresNonce = SettingValue.Flag(section, "RequireNonce", faults) };
}
