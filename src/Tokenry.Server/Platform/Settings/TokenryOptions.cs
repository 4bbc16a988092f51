using System.Net;
using Tokenry.Server.Platform.Certificates;

namespace Tokenry.Server.Platform.Settings;

/// <summary>The whole configuration, checked at start. Each section reads its own settings. Keys: <c>docs/configuration.md</c>.</summary>
public sealed class TokenryOptions
{
    public const string DefaultUrl = "http://127.0.0.1:7600";

    /// <summary>Older patch releases of ASP.NET Core have vulnerabilities that affect this server.</summary>
    private static readonly Version OldestRuntime = new(10, 0, 12);

    /// <summary>Every setting below <c>Tokenry:</c>, from the lists of the sections.</summary>
    internal static readonly string[] KnownKeys =
    [
        "Issuer",
        .. StoreOptions.Keys,
        .. BrandOptions.Keys,
        .. Below("Bootstrap", BootstrapOptions.Keys),
        "TrustedProxies",
        "AllowedHosts",
        .. Below("Otlp", OtlpOptions.Keys),
        .. RetentionOptions.Keys,
        .. Below("PersonalAccessTokens", PersonalAccessTokenOptions.Keys),
        .. Below("Dpop", DpopOptions.Keys),
        .. Below("Egress", EgressOptions.Keys),
        .. ManagementOptions.Keys,
        .. Below("Console", ConsoleOptions.Keys),
        .. Below("Mail", MailOptions.Keys),
        .. Below("Sessions", SessionOptions.Keys),
        .. Below("SignIn", SignInOptions.Keys),
        .. Below("LeakReports", LeakReportOptions.Keys),
        .. CapOptions.Keys,
        .. SigningKeyOptions.Keys,
        .. Pkcs11Options.Keys,
        .. TlsOptions.Keys,
    ];

    /// <summary>The settings of <see cref="KnownKeys"/> that are lists; their items have keys below the list's key.</summary>
    private static readonly string[] Lists =
    [
        "TrustedProxies",
        "AllowedHosts",
        .. BrandOptions.Lists,
        .. Below("Egress", EgressOptions.Lists),
        .. Below("SignIn", SignInOptions.Lists),
        .. Below("LeakReports", LeakReportOptions.Lists),
    ];

    /// <summary>The address at which clients reach the server; for a command as it is configured, or empty.</summary>
    public required string Issuer { get; init; }

    /// <summary>The addresses at which the server listens, in the format of <c>--urls</c>.</summary>
    public required string Urls { get; init; }

    /// <summary>Hosts under which pages are served.</summary>
    public required IReadOnlyList<string> AllowedHosts { get; init; }

    /// <summary>Peers whose forwarded headers the server trusts.</summary>
    public required IReadOnlyList<IPNetwork> TrustedProxies { get; init; }

    public required StoreOptions Store { get; init; }

    public required BrandOptions Brands { get; init; }

    public required BootstrapOptions Bootstrap { get; init; }

    public required OtlpOptions Otlp { get; init; }

    public required RetentionOptions Retention { get; init; }

    public required PersonalAccessTokenOptions PersonalAccessTokens { get; init; }

    public required DpopOptions Dpop { get; init; }

    public required EgressOptions Egress { get; init; }

    public required ManagementOptions Management { get; init; }

    public required ConsoleOptions Console { get; init; }

    /// <summary>The mail server that takes notices; <c>null</c> = the server sends no mail.</summary>
    public required MailOptions? Mail { get; init; }

    public required SessionOptions Sessions { get; init; }

    public required LeakReportOptions LeakReports { get; init; }

    public required CapOptions Caps { get; init; }

    public required SignInOptions SignIn { get; init; }

    public required SigningKeyOptions SigningKeys { get; init; }

    /// <summary>The token that holds signing keys; <c>null</c> = all keys are in the database.</summary>
    public required Pkcs11Options? Pkcs11 { get; init; }

    public required TlsOptions Tls { get; init; }

    /// <exception cref="StartupException">Names every fault.</exception>
    public static TokenryOptions Read(IConfiguration configuration, bool needsIssuer = true)
    {
        var faults = new List<string>();
        var section = configuration.GetSection("Tokenry");
        KnownSettings.Check(configuration, faults);
        if (Environment.Version < OldestRuntime)
        {
            faults.Add($".NET {Environment.Version} has known holes; {OldestRuntime} or newer is needed.");
        }

        var urls = configuration["urls"] ?? DefaultUrl;
        var issuer =
            !needsIssuer ? ""
            : ListenAddresses.Check(urls, faults) ? IssuerSetting.Read(section["Issuer"], urls, faults)
            : section["Issuer"] ?? "";
        var egress = EgressOptions.Read(section.GetSection("Egress"), faults);
        var options = new TokenryOptions
        {
            // A command has no addresses of its own, but it may name the server's in a link.
            Issuer = needsIssuer ? issuer : section["Issuer"] ?? "",
            Urls = urls,
            AllowedHosts = AllowedHostsSetting.Read(SettingValue.List(section, "AllowedHosts"), issuer, faults),
            TrustedProxies = SettingValue.Networks(section, "TrustedProxies", faults),
            Store = StoreOptions.Read(section, configuration.GetConnectionString("Tokenry"), faults),
            Brands = BrandOptions.Read(section, faults),
            Bootstrap = BootstrapOptions.Read(section.GetSection("Bootstrap"), faults),
            Otlp = OtlpOptions.Read(section.GetSection("Otlp"), faults),
            Retention = RetentionOptions.Read(section, faults),
            PersonalAccessTokens = PersonalAccessTokenOptions.Read(section.GetSection("PersonalAccessTokens"), faults),
            Dpop = DpopOptions.Read(section.GetSection("Dpop"), faults),
            Egress = egress,
            SignIn = SignInOptions.Read(section.GetSection("SignIn"), egress, faults),
            Management = ManagementOptions.Read(section, faults),
            Console = ConsoleOptions.Read(section.GetSection("Console"), faults),
            Mail = MailOptions.Read(section.GetSection("Mail"), faults),
            Sessions = SessionOptions.Read(section.GetSection("Sessions"), faults),
            LeakReports = LeakReportOptions.Read(section.GetSection("LeakReports"), faults),
            Caps = CapOptions.Read(section.GetSection("Caps"), faults),
            SigningKeys = SigningKeyOptions.Read(section.GetSection("SigningKeys"), faults),
            Pkcs11 = Pkcs11Options.Read(section, faults),
            Tls = TlsOptions.Read(section, configuration, issuer, faults),
        };
        return faults.Count == 0 ? options : throw new StartupException(faults);
    }

    /// <summary>Whether a key below <c>Tokenry:</c> is one of <see cref="KnownKeys"/> or an item of such a list.</summary>
    internal static bool IsKnown(string key) =>
        KnownKeys.Contains(key, StringComparer.OrdinalIgnoreCase)
        || Lists.Any(list => key.StartsWith(list + ":", StringComparison.OrdinalIgnoreCase));

    /// <summary>Parses a CIDR range; a single address is a range of one.</summary>
    public static bool TryParseNetwork(string text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
        {
            // Addresses are compared in their IPv4 form, and a scope id is valid on one machine only.
            return !network.BaseAddress.IsIPv4MappedToIPv6 && !text.Contains('%', StringComparison.Ordinal);
        }

        if (
            IPAddress.TryParse(text, out var address)
            && address.ToString() == text
            && !address.IsIPv4MappedToIPv6
            && !text.Contains('%', StringComparison.Ordinal)
        )
        {
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }

        return false;
    }

    private static IEnumerable<string> Below(string section, string[] keys) => keys.Select(key => $"{section}:{key}");
}
