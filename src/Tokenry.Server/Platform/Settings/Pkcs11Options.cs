namespace Tokenry.Server.Platform.Settings;

/// <summary>The token that holds signing keys and seals the key file, and which of the two it does. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record Pkcs11Options
{
    public static readonly string[] Keys = ["SigningKeys:Store", "KeyFileProtection", "Pkcs11:Module", "Pkcs11:Token", "Pkcs11:PinFile"];

    /// <summary>Path of the token's PKCS#11 library.</summary>
    public required string Module { get; init; }

    public required string Label { get; init; }

    /// <summary>The server reads the file at each login, so that the PIN stays in memory only for the login.</summary>
    public required string PinFile { get; init; }

    /// <summary>Whether the server creates new keys on the token. It uses the token's existing keys in any case.</summary>
    public required bool HoldsNewKeys { get; init; }

    /// <summary>Whether the token seals the key file. The server opens a sealed key file in either case.</summary>
    public bool GuardsKeyFile { get; init; }

    /// <returns><c>null</c> if no token is configured.</returns>
    public static Pkcs11Options? Read(IConfigurationSection section, List<string> faults)
    {
        var store = section["SigningKeys:Store"] ?? "database";
        if (store is not ("database" or "pkcs11"))
        {
            faults.Add($"Tokenry:SigningKeys:Store '{store}' is neither database nor pkcs11.");
        }

        var protection = section["KeyFileProtection"] ?? "none";
        if (protection is not ("none" or "pkcs11"))
        {
            faults.Add($"Tokenry:KeyFileProtection '{protection}' is neither none nor pkcs11.");
        }

        var isNamed = section.GetSection("Pkcs11").GetChildren().Any();
        if (!isNamed && store != "pkcs11" && protection != "pkcs11")
        {
            return null;
        }

        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            faults.Add(
                "Tokenry:Pkcs11: PKCS#11 tokens work on 64-bit Linux only. Leave Tokenry:Pkcs11, Tokenry:SigningKeys:Store and Tokenry:KeyFileProtection out."
            );
        }

        string Need(string key, string example)
        {
            if (section[$"Pkcs11:{key}"] is { Length: > 0 } value)
            {
                return value;
            }

            faults.Add($"Tokenry:Pkcs11:{key} is not set: give {example}.");
            return "";
        }

        return new Pkcs11Options
        {
            Module = Need("Module", "the path of the token's PKCS#11 library, such as /usr/lib/softhsm/libsofthsm2.so"),
            Label = Need("Token", "the label of the token"),
            PinFile = Need("PinFile", "the path of a file (0600) that holds the token's user PIN and nothing else"),
            HoldsNewKeys = store == "pkcs11",
            GuardsKeyFile = protection == "pkcs11",
        };
    }
}
