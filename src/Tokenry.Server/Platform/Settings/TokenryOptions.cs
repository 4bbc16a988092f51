using System.Globalization;
using System.Net;
using Tokenry.Server.Platform.Certificates;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Settings;

/// <summary>What the configuration says, checked whole at start. Keys: <c>docs/configuration.md</c>. A class and not a record: a record would print the passwords.</summary>
public sealed class TokenryOptions
{
    public const string DefaultUrl = "http://127.0.0.1:7600";

    private const int DefaultRequestsPerMinute = 6000;
    private const int MostRequestsPerMinute = 600_000_000;

    /// <summary>Older patch releases of ASP.NET Core have holes that matter here.</summary>
    private static readonly Version OldestRuntime = new(10, 0, 12);

    internal static readonly string[] KnownKeys =
    [
        "Issuer",
        "DataDirectory",
        "KeyFile",
        "AuditHeadFile",
        "Audit:RetentionDays",
        "Audit:PersonalDataDays",
        "Brand",
        "RetiredBrands",
        "Bootstrap:AdminEmail",
        "Bootstrap:AdminPassword",
        "TrustedProxies",
        "Otlp:Endpoint",
        "PersonalAccessTokens:DefaultLifetimeDays",
        "PersonalAccessTokens:MaxLifetimeDays",
        "AccessLog:KeptDays",
        "Rights:ExpectGains",
        "Dpop:RequireNonce",
        "Egress:Enabled",
        "Egress:AllowedNetworks",
        "Management:RequestsPerMinute",
        "AllowedHosts",
        "LeakReports:Policy",
        "LeakReports:Keys",
        .. CapOptions.Keys,
        .. SigningKeyOptions.Keys,
        .. Pkcs11Options.Keys,
        .. TlsOptions.Keys,
    ];

    public required string Issuer { get; init; }

    /// <summary>Where the server listens, as <c>--urls</c> has it.</summary>
    public string Urls { get; init; } = DefaultUrl;

    public required string DataDirectory { get; init; }

    public required string KeyFile { get; init; }

    /// <summary>Where the newest signed audit head is kept, outside the database.</summary>
    public required string AuditHeadFile { get; init; }

    /// <summary>How long audit events are kept; <c>null</c> = for ever.</summary>
    public TimeSpan? AuditKept { get; init; }

    /// <summary>How long audit events keep addresses and names in clear; <c>null</c> = as long as the events.</summary>
    public TimeSpan? AuditPersonalDataKept { get; init; }

    public required string Brand { get; init; }

    public required IReadOnlyList<string> RetiredBrands { get; init; }

    public required string AdminEmail { get; init; }

    public required string? AdminPassword { get; init; }

    /// <summary>Peers whose forwarded headers count.</summary>
    public required IReadOnlyList<IPNetwork> TrustedProxies { get; init; }

    /// <summary>PostgreSQL's connection string; <c>null</c> = SQLite in the data directory.</summary>
    public required string? ConnectionString { get; init; }

    /// <summary>Where metrics and traces go by OTLP; <c>null</c> = nowhere.</summary>
    public required Uri? OtlpEndpoint { get; init; }

    public required TimeSpan PersonalAccessTokenLifetime { get; init; }

    /// <summary>Longest life a personal access token may get; <c>null</c> = any, and never ending is allowed.</summary>
    public required TimeSpan? PersonalAccessTokenMaxLifetime { get; init; }

    /// <summary>How long entries of the access log are kept.</summary>
    public TimeSpan AccessLogKept { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Whether a change of rights must say how many credentials gain by it (<c>Tokenry-Expect-Gains</c>).</summary>
    public bool ExpectGains { get; init; }

    /// <summary>Public keys (SubjectPublicKeyInfo, P-256) of secret scanners by the name they send; empty = no scanner may report.</summary>
    public IReadOnlyDictionary<string, byte[]> ScannerKeys { get; init; } = new Dictionary<string, byte[]>(StringComparer.Ordinal);

    /// <summary>Whether a credential that a scanner found ends, or is only told of in the audit.</summary>
    public bool RevokesReportedLeaks { get; init; } = true;

    /// <summary>Whether every DPoP proof must carry a nonce of ours (RFC 9449 §8).</summary>
    public bool RequiresDpopNonce { get; init; }

    public CapOptions Caps { get; init; } = new();

    public SigningKeyOptions SigningKeys { get; init; } = new();

    /// <summary>The token that holds signing keys; <c>null</c> = all are in the database.</summary>
    public Pkcs11Options? Pkcs11 { get; init; }

    public TlsOptions Tls { get; init; } = TlsOptions.Off;

    /// <summary>Whether this server fetches other issuers' keys; else it connects to nobody for a caller's sake.</summary>
    public bool FetchesKeys { get; init; }

    /// <summary>Networks it may connect to for that besides the public internet.</summary>
    public IReadOnlyList<IPNetwork> EgressNetworks { get; init; } = [];

    /// <summary>Requests a minute of one credential at Tokenry's own API; 0 = as many as it likes.</summary>
    public int ManagementRequestsPerMinute { get; init; } = DefaultRequestsPerMinute;

    /// <summary>Hosts under which pages are served.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    public string DatabasePath => Path.Combine(DataDirectory, "tokenry.db");

    public bool UsesPostgres => ConnectionString is not null;

    /// <exception cref="StartupException">Names every fault.</exception>
    public static TokenryOptions Read(IConfiguration configuration, bool needsIssuer = true)
    {
        var faults = new List<string>();
        var section = configuration.GetSection("Tokenry");
        KnownSettings.Check(configuration, faults);
        var urls = configuration["urls"] ?? DefaultUrl;
        var dataDirectory = PathSetting.Read(section, "DataDirectory", "data", faults);
        var brand = section["Brand"] ?? "tkr";
        var retired = List(section, "RetiredBrands");
        foreach (var name in retired.Prepend(brand))
        {
            if (name.Length is < 2 or > 10 || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)))
            {
                faults.Add($"Tokenry:Brand '{name}' is not 2 to 10 characters of a-z and 0-9.");
            }
        }

        var proxies = Networks(section, "TrustedProxies", faults);
        var egress = Networks(section, "Egress:AllowedNetworks", faults);
        var otlp = ReadOtlpEndpoint(section["Otlp:Endpoint"], faults);
        if (Environment.Version < OldestRuntime)
        {
            faults.Add($".NET {Environment.Version} has known holes; {OldestRuntime} or newer is needed.");
        }

        var email = (section["Bootstrap:AdminEmail"] ?? "admin@localhost").ToLowerInvariant();
        // The second is what earlier versions took; a server that was set up so starts.
        if (
            !EmailAddress.IsValid(email)
            && (
                email.Length is 0 or > 128 || !email.All(c => char.IsAsciiLetterOrDigit(c) || "._@+-".Contains(c, StringComparison.Ordinal))
            )
        )
        {
            faults.Add($"Tokenry:Bootstrap:AdminEmail '{email}' is not an address such as admin@example.com.");
        }

        var password = section["Bootstrap:AdminPassword"];
        if (
            password is not null
            && (password.Length is < 12 or > 256 || password is "administrator" or "passwordpassword" or "changemechangeme")
        )
        {
            faults.Add(
                "Tokenry:Bootstrap:AdminPassword is shorter than 12 characters or a well-known one. Choose another or leave it out."
            );
        }

        var connection = configuration.GetConnectionString("Tokenry");
        if (connection is not null)
        {
            ConnectionSetting.Check(connection, faults);
        }

        var defaultDays = Days(section, "PersonalAccessTokens:DefaultLifetimeDays", faults) ?? 90;
        var maxDays = Days(section, "PersonalAccessTokens:MaxLifetimeDays", faults);
        if (maxDays < defaultDays)
        {
            defaultDays = maxDays.Value;
        }

        var auditDays = Days(section, "Audit:RetentionDays", faults);
        var auditPersonalDays = Days(section, "Audit:PersonalDataDays", faults);
        var accessLogDays = Days(section, "AccessLog:KeptDays", faults) ?? 30;
        var leakPolicy = section["LeakReports:Policy"] ?? "revoke";
        if (leakPolicy is not ("revoke" or "report"))
        {
            faults.Add($"Tokenry:LeakReports:Policy '{leakPolicy}' is neither revoke nor report.");
        }

        var requiresNonce = Flag(section, "Dpop:RequireNonce", faults);
        var expectGains = Flag(section, "Rights:ExpectGains", faults);
        var fetchesKeys = Flag(section, "Egress:Enabled", faults);
        var scannerKeys = ScannerKeyOptions.Read(section.GetSection("LeakReports:Keys"), faults);
        var caps = CapOptions.Read(section.GetSection("Caps"), faults);
        var signingKeys = SigningKeyOptions.Read(section.GetSection("SigningKeys"), faults);
        var pkcs11 = Pkcs11Options.Read(section, faults);
        var issuer =
            !needsIssuer ? ""
            : ListenAddresses.Check(urls, faults) ? IssuerSetting.Read(section["Issuer"], urls, faults)
            : section["Issuer"] ?? "";
        var tls = TlsOptions.Read(section, configuration, issuer, faults);
        var requestsPerMinute = RequestsPerMinute(section, faults);
        var hosts = AllowedHostsSetting.Read(List(section, "AllowedHosts"), issuer, faults);
        var keyFile = PathSetting.Read(section, "KeyFile", Path.Combine(dataDirectory, "tokenry.keys"), faults);
        var headFile = PathSetting.Read(
            section,
            "AuditHeadFile",
            Path.Combine(Path.GetDirectoryName(keyFile) ?? dataDirectory, "audit-head"),
            faults
        );
        if (faults.Count > 0)
        {
            throw new StartupException(faults);
        }

        return new TokenryOptions
        {
            Issuer = issuer,
            DataDirectory = dataDirectory,
            KeyFile = keyFile,
            AuditHeadFile = headFile,
            Urls = urls,
            AuditKept = auditDays is { } kept ? TimeSpan.FromDays(kept) : null,
            AuditPersonalDataKept = auditPersonalDays is { } personal ? TimeSpan.FromDays(personal) : null,
            Brand = brand,
            RetiredBrands = retired,
            AdminEmail = email,
            AdminPassword = password,
            TrustedProxies = proxies,
            ConnectionString = connection,
            OtlpEndpoint = otlp,
            PersonalAccessTokenLifetime = TimeSpan.FromDays(defaultDays),
            PersonalAccessTokenMaxLifetime = maxDays is { } days ? TimeSpan.FromDays(days) : null,
            AccessLogKept = TimeSpan.FromDays(accessLogDays),
            ExpectGains = expectGains,
            ScannerKeys = scannerKeys,
            RevokesReportedLeaks = leakPolicy == "revoke",
            RequiresDpopNonce = requiresNonce,
            Caps = caps,
            SigningKeys = signingKeys,
            Pkcs11 = pkcs11,
            Tls = tls,
            FetchesKeys = fetchesKeys,
            EgressNetworks = egress,
            ManagementRequestsPerMinute = requestsPerMinute,
            AllowedHosts = hosts,
        };
    }

    /// <summary>Whether a key below <c>Tokenry:</c> is one of <see cref="KnownKeys"/> or an item of such a list.</summary>
    internal static bool IsKnown(string key) => KnownKeys.Any(known => Is(key, known));

    private static bool Is(string key, string known) =>
        key.Equals(known, StringComparison.OrdinalIgnoreCase)
        || (
            known is "RetiredBrands" or "AllowedHosts" or "TrustedProxies" or "LeakReports:Keys" or "Egress:AllowedNetworks"
            && key.StartsWith(known + ":", StringComparison.OrdinalIgnoreCase) // a list's items
        );

    /// <summary>A list is written as an array or, in the environment, separated by commas or spaces.</summary>
    private static List<string> List(IConfigurationSection section, string key)
    {
        var children = section.GetSection(key).GetChildren().Select(child => child.Value ?? "");
        var text = section[key]?.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        return [.. children.Concat(text)];
    }

    private static List<IPNetwork> Networks(IConfigurationSection section, string key, List<string> faults)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in List(section, key))
        {
            if (TryParseNetwork(text, out var network))
            {
                networks.Add(network);
            }
            else
            {
                faults.Add($"Tokenry:{key} '{text}' is not an address or a CIDR range such as 10.0.0.0/8.");
            }
        }

        return networks;
    }

    private static int? Days(IConfigurationSection section, string key, List<string> faults)
    {
        if (section[key] is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is > 0 and <= 36500)
        {
            return days;
        }

        faults.Add($"Tokenry:{key} '{text}' is not a number of days from 1 to 36500.");
        return null;
    }

    private static int RequestsPerMinute(IConfigurationSection section, List<string> faults)
    {
        const string Key = "Management:RequestsPerMinute";
        if (section[Key] is not { } text)
        {
            return DefaultRequestsPerMinute;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most <= MostRequestsPerMinute)
        {
            return most;
        }

        faults.Add($"Tokenry:{Key} '{text}' is not a number of requests from 1 to {MostRequestsPerMinute}, or 0 for no limit.");
        return DefaultRequestsPerMinute;
    }

    private static bool Flag(IConfigurationSection section, string key, List<string> faults)
    {
        var value = false;
        if (section[key] is { } text && !bool.TryParse(text, out value))
        {
            faults.Add($"Tokenry:{key} '{text}' is neither true nor false.");
        }

        return value;
    }

    private static Uri? ReadOtlpEndpoint(string? text, List<string> faults)
    {
        if (text is null)
        {
            return null;
        }

        if (
            Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri.Scheme is "https" or "http"
            && uri.UserInfo.Length == 0
            && text.AsSpan().IndexOfAny('?', '#') < 0
        )
        {
            return uri;
        }

        // Not repeated: it may hold a password.
        faults.Add("Tokenry:Otlp:Endpoint is not an http(s) address without user, query and fragment, such as http://127.0.0.1:4318.");
        return null;
    }

    /// <summary>An address alone is a range of one.</summary>
    public static bool TryParseNetwork(string text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
        {
            // Addresses are compared in their IPv4 form, and a scope id means something on one machine only.
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
}
