using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Platform.Settings;

/// <summary>How people sign in beside passwords and passkeys. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record SignInOptions
{
    internal static readonly string[] Keys = ["Providers"];
    internal static readonly string[] Lists = ["Providers"];

    /// <summary>OpenID Connect providers, by name.</summary>
    public required IReadOnlyList<SignInProviderOptions> Providers { get; init; }

    /// <summary>The provider of that name; <c>null</c> = none.</summary>
    public SignInProviderOptions? Provider(string name) => Providers.FirstOrDefault(provider => provider.Name == name);

    internal static SignInOptions Read(IConfigurationSection section, EgressOptions egress, List<string> faults)
    {
        var providers = section
            .GetSection("Providers")
            .GetChildren()
            .Select(child => SignInProviderOptions.Read(child, faults))
            .OfType<SignInProviderOptions>()
            .ToList();
        if (providers.Count > 0 && !egress.Enabled)
        {
            faults.Add(
                $"{section.Path}:Providers needs Tokenry:Egress:Enabled=true: the server asks a provider for its addresses, its keys and the token of each sign-in."
            );
        }

        foreach (var issuer in providers.GroupBy(provider => provider.Issuer, StringComparer.Ordinal).Where(same => same.Count() > 1))
        {
            faults.Add($"{section.Path}:Providers has the issuer '{issuer.Key}' more than once.");
        }

        return new() { Providers = providers };
    }
}

/// <summary>One OpenID Connect provider. A class and not a record: a record would print the secret.</summary>
public sealed class SignInProviderOptions
{
    private const int LongestName = 32;

    private static readonly string[] Needed = ["Issuer", "ClientId"];

    private static readonly string[] Known =
    [
        "Issuer",
        "ClientId",
        "ClientSecretFile",
        "Label",
        "Scopes",
        "FirstSignIn",
        "Roles",
        "Claim",
        "ClaimRoles",
        "ClaimOrganizations",
    ];

    /// <summary>The name in addresses: small letters, digits and dashes.</summary>
    public required string Name { get; init; }

    /// <summary>The issuer, byte for byte as in its tokens.</summary>
    public required string Issuer { get; init; }

    public required string ClientId { get; init; }

    /// <summary>The client secret; <c>null</c> = a public client, with PKCE alone.</summary>
    public Secret? ClientSecret { get; init; }

    /// <summary>What the button on the sign-in page says.</summary>
    public required string Label { get; init; }

    public required string Scopes { get; init; }

    /// <summary>Whether the first sign-in of an unknown account creates a user; otherwise it is refused.</summary>
    public required bool CreatesUsers { get; init; }

    /// <summary>Names of roles that every created user gets.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>The claim whose values give further roles and organizations.</summary>
    public required string Claim { get; init; }

    /// <summary>Names of roles by value of the claim.</summary>
    public required IReadOnlyDictionary<string, string> ClaimRoles { get; init; }

    /// <summary>Ids of organizations by value of the claim.</summary>
    public required IReadOnlyDictionary<string, string> ClaimOrganizations { get; init; }

    internal static SignInProviderOptions? Read(IConfigurationSection section, List<string> faults)
    {
        var before = faults.Count;
        var name = section.Key;
        if (name.Length > LongestName || !name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'))
        {
            faults.Add($"{section.Path}: a provider's name has 1 to 32 small letters, digits and dashes.");
        }

        foreach (var child in section.GetChildren().Where(child => !Known.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            faults.Add($"{child.Path} is not a setting. Known: {string.Join(", ", Known)}.");
        }

        foreach (var needed in Needed.Where(key => string.IsNullOrWhiteSpace(section[key])))
        {
            faults.Add($"{section.Path}:{needed} is missing.");
        }

        var first = section["FirstSignIn"] ?? "refuse";
        if (first is not ("refuse" or "create"))
        {
            faults.Add($"{section.Path}:FirstSignIn '{first}' is neither refuse nor create.");
        }

        var issuer = section["Issuer"] ?? "";
        if (
            issuer.Length > 0
            && !(Uri.TryCreate(issuer, UriKind.Absolute, out var uri) && uri is { Query: "", Fragment: "", UserInfo: "" })
        )
        {
            faults.Add($"{section.Path}:Issuer '{issuer}' is not an address without user, query and fragment.");
        }

        var secret = SecretOf(section, faults);
        var scopes = SettingValue.List(section, "Scopes");
        return faults.Count > before
            ? null
            : new()
            {
                Name = name,
                Issuer = issuer,
                ClientId = section["ClientId"]!,
                ClientSecret = secret,
                Label = section["Label"] ?? name,
                Scopes = string.Join(' ', scopes.Count == 0 ? ["openid", "profile", "email"] : scopes.Prepend("openid").Distinct()),
                CreatesUsers = first == "create",
                Roles = SettingValue.List(section, "Roles"),
                Claim = section["Claim"] ?? "groups",
                ClaimRoles = Map(section.GetSection("ClaimRoles")),
                ClaimOrganizations = Map(section.GetSection("ClaimOrganizations")),
            };
    }

    private static Secret? SecretOf(IConfigurationSection section, List<string> faults)
    {
        if (section["ClientSecretFile"] is not { } path)
        {
            return null;
        }

        try
        {
            if (File.ReadAllText(path).Trim() is { Length: > 0 } text)
            {
                return new Secret(text);
            }

            faults.Add($"{section.Path}:ClientSecretFile '{path}' is empty.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add($"{section.Path}:ClientSecretFile '{path}' cannot be read: {exception.Message}");
        }

        return null;
    }

    private static Dictionary<string, string> Map(IConfigurationSection section) =>
        section
            .GetChildren()
            .Where(child => child.Value is not null)
            .ToDictionary(child => child.Key, child => child.Value!, StringComparer.Ordinal);
}
