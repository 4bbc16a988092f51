using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Composition;

/// <summary>Tells the operator at start where the server is, with a command to try.</summary>
public static partial class Announcement
{
    /// <summary>Prints text on a terminal. If stdout is redirected, it is for logs: one line names the store.</summary>
    /// <param name="logger">For a server whose output is for logs.</param>
    /// <param name="options">The configuration.</param>
    /// <param name="store">The engine of the store.</param>
    /// <param name="link">The link for the first sign-in; <c>null</c> = the administrator has a password already.</param>
    public static void Print(ILogger logger, TokenryOptions options, string store, NewSignInLink? link)
    {
        var directory = DataDirectoryArgument(options);
        var command = $"./run admin token{directory}";
        if (Console.IsOutputRedirected)
        {
            LogStore(logger, store);
            LogToken(logger, options.Bootstrap.AdminEmail, command);
            LogSignIn(logger, BrowserAddress.Of(options), $"./run admin sign-in{directory}");
            if (options.Tls.Url is { } address)
            {
                LogTls(logger, address, OwnCertificate(options));
            }

            return;
        }

        var text = Console.Out;
        text.WriteLine();
        text.WriteLine($"  Tokenry is ready at {options.Issuer}  ({store})");
        if (options.Tls.Url is { } tls)
        {
            text.WriteLine($"  TLS with client certificates at {tls.GetLeftPart(UriPartial.Authority)}{OwnCertificate(options)}");
        }

        text.WriteLine();
        text.WriteLine($"  Administrator   {options.Bootstrap.AdminEmail}");
        if (link is not null)
        {
            text.WriteLine($"  Sign in, once   {link.Url.Reveal()}");
            text.WriteLine($"                  until {link.ExpiresAt:HH:mm} UTC; './run admin sign-in{directory}' makes another link");
        }
        else
        {
            text.WriteLine($"  Sign in         {BrowserAddress.Of(options)}/sign-in");
        }

        text.WriteLine();
        text.WriteLine("  Try it from another terminal:");
        text.WriteLine($"  curl -H \"Authorization: Bearer $({command})\" {options.Issuer}/v1/me");
        text.WriteLine();
    }

    /// <summary>The option that lets <c>admin token</c> find the store of this server; empty for the default directory.</summary>
    private static string DataDirectoryArgument(TokenryOptions options)
    {
        if (options.Store.DataDirectory == Path.GetFullPath("data"))
        {
            return "";
        }

        var isPlain = options.Store.DataDirectory.All(c => char.IsAsciiLetterOrDigit(c) || "/._-".Contains(c, StringComparison.Ordinal));
        var quoted = isPlain
            ? options.Store.DataDirectory
            : $"'{options.Store.DataDirectory.Replace("'", "'\\''", StringComparison.Ordinal)}'";
        return $" --{CommandVerb.DataDirectoryOption} {quoted}";
    }

    /// <summary>Warns of a plain http address that other machines reach: only trusted proxies may use it, and none is configured.</summary>
    public static void WarnOfPlainHttp(ILogger logger, TokenryOptions options, IEnumerable<string> urls)
    {
        foreach (var url in urls)
        {
            if (
                options.TrustedProxies.Count == 0
                && Uri.TryCreate(url, UriKind.Absolute, out var uri)
                && uri is { Scheme: "http" }
                && !IsLocal(uri)
            )
            {
                LogPlainHttp(logger, url);
            }
        }
    }

    private static string OwnCertificate(TokenryOptions options) =>
        TlsListener.SelfMadePath(options) is { } path ? $" (self-signed certificate: {path})" : "";

    private static bool IsLocal(Uri uri) => uri.IsLoopback || uri.Host == "unix";

    /// <summary>Warns of files that the server closed to other users, who may have read them before.</summary>
    public static void WarnOfOpenFiles(ILogger logger, IReadOnlyList<string> closed)
    {
        foreach (var what in closed)
        {
            LogClosed(logger, what);
        }
    }

    [LoggerMessage(
        EventId = 4,
        Level = LogLevel.Warning,
        Message = "{What} If you do not trust the other users of this machine, rotate the secrets in it."
    )]
    private static partial void LogClosed(ILogger logger, string what);

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Store: {Store}")]
    private static partial void LogStore(ILogger logger, string store);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "A token of the administrator {Administrator}: {Command}")]
    private static partial void LogToken(ILogger logger, string administrator, string command);

    [LoggerMessage(
        EventId = 5,
        Level = LogLevel.Information,
        Message = "Sign in at {Address}/sign-in. A link for the first time: {Command}"
    )]
    private static partial void LogSignIn(ILogger logger, string address, string command);

    [LoggerMessage(EventId = 3, Level = LogLevel.Information, Message = "TLS with client certificates at {Address}{Certificate}")]
    private static partial void LogTls(ILogger logger, Uri address, string certificate);

    [LoggerMessage(
        EventId = 2,
        Level = LogLevel.Warning,
        Message = "{Url} is plain http and not loopback: the server refuses requests from other machines (tls_required). Serve https, or list the "
            + "TLS proxy in front in Tokenry:TrustedProxies."
    )]
    private static partial void LogPlainHttp(ILogger logger, string url);
}
