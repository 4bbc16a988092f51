using System.Net;

namespace Tokenry.Server.Platform.Settings;

/// <summary>The mail server that takes notices. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record MailOptions
{
    internal static readonly string[] Keys = ["Server", "Port", "Security", "From", "User", "PasswordFile", "Language"];

    private const int HighestPort = 65535;

    /// <summary>Its host name or address.</summary>
    public required string Server { get; init; }

    public required int Port { get; init; }

    public required MailSecurity Security { get; init; }

    /// <summary>The address that mails come from.</summary>
    public required string From { get; init; }

    /// <summary>The name to sign in with; <c>null</c> = the server asks for none.</summary>
    public string? User { get; init; }

    /// <summary>The file with the password, readable by its owner only.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>The language of the mails, one of the console's.</summary>
    public string Language { get; init; } = "en";

    /// <summary>Without <c>Server</c> there is no mail.</summary>
    internal static MailOptions? Read(IConfigurationSection section, List<string> faults)
    {
        if (section["Server"] is not { Length: > 0 } server)
        {
            if (Array.Find(Keys, key => section[key] is not null) is { } alone)
            {
                faults.Add($"{section.Path}:{alone} has no effect without {section.Path}:Server.");
            }

            return null;
        }

        if (Uri.CheckHostName(server) == UriHostNameType.Unknown)
        {
            faults.Add($"{section.Path}:Server '{server}' is neither a host name nor an address. The port is {section.Path}:Port.");
        }

        if (section["From"] is not { } from || !IsAddress(from))
        {
            faults.Add($"{section.Path}:From is not an e-mail address, such as tokenry@example.com.");
            from = "";
        }

        if (section["User"] is null != (section["PasswordFile"] is null))
        {
            faults.Add($"{section.Path}:User and {section.Path}:PasswordFile belong together.");
        }

        var security = ReadSecurity(section, faults);
        if (security == MailSecurity.None && !IsLoopback(server))
        {
            faults.Add(
                $"{section.Path}:Security none is for a mail server on this machine only: names of credentials would travel in clear."
            );
        }

        return new()
        {
            Server = server,
            Port =
                SettingValue.Number(section, "Port", (1, HighestPort), $"a port from 1 to {HighestPort}", faults)
                ?? (security == MailSecurity.Tls ? 465 : 587),
            Security = security,
            From = from,
            User = section["User"],
            PasswordFile = section["PasswordFile"],
            Language = section["Language"] ?? "en",
        };
    }

    private static MailSecurity ReadSecurity(IConfigurationSection section, List<string> faults)
    {
        switch (section["Security"])
        {
            case null or "starttls":
                return MailSecurity.StartTls;
            case "tls":
                return MailSecurity.Tls;
            case "none":
                return MailSecurity.None;
            case var other:
                faults.Add($"{section.Path}:Security '{other}' is none of starttls, tls, none.");
                return MailSecurity.StartTls;
        }
    }

    private static bool IsLoopback(string server) =>
        server == "localhost" || (IPAddress.TryParse(server, out var address) && IPAddress.IsLoopback(address));

    private static bool IsAddress(string text) =>
        text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at
        && at < text.Length - 1
        && !text.Any(character => char.IsControl(character) || character is ' ' or ',' or '<' or '>');
}

/// <summary>How the connection to a mail server is protected.</summary>
public enum MailSecurity
{
    /// <summary>TLS that begins with STARTTLS (RFC 3207). A server that does not offer it gets no mail.</summary>
    StartTls,

    /// <summary>TLS from the first byte (RFC 8314).</summary>
    Tls,

    /// <summary>None: for a mail server on the same machine.</summary>
    None,
}
