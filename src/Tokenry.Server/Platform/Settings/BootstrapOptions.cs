using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Settings;

/// <summary>The first administrator. A class and not a record: a record would print the password. Keys: <c>docs/configuration.md</c>.</summary>
public sealed class BootstrapOptions
{
    internal static readonly string[] Keys = ["AdminEmail", "AdminPassword"];

    /// <summary>The address, in lower case.</summary>
    public required string AdminEmail { get; init; }

    /// <summary>The password; <c>null</c> = none.</summary>
    public required string? AdminPassword { get; init; }

    internal static BootstrapOptions Read(IConfigurationSection section, List<string> faults)
    {
        var email = (section["AdminEmail"] ?? "admin@localhost").ToLowerInvariant();
        // Earlier versions accepted the second form; a server that was set up with it must start.
        if (
            !EmailAddress.IsValid(email)
            && (
                email.Length is 0 or > 128 || !email.All(c => char.IsAsciiLetterOrDigit(c) || "._@+-".Contains(c, StringComparison.Ordinal))
            )
        )
        {
            faults.Add($"{section.Path}:AdminEmail '{email}' is not an address such as admin@example.com.");
        }

        var password = section["AdminPassword"];
        if (
            password is not null
            && (password.Length is < 15 or > 256 || password is "administrator" or "passwordpassword" or "changemechangeme")
        )
        {
            faults.Add($"{section.Path}:AdminPassword is shorter than 15 characters or a well-known one. Choose another or leave it out.");
        }

        return new BootstrapOptions { AdminEmail = email, AdminPassword = password };
    }
}
