namespace Tokenry.Server.Foundation.Hosting;

/// <summary>What a person who starts the server needs to read: where it is, how to sign in, a line that works.</summary>
public static partial class Announcement
{
    /// <summary>For people on a terminal; elsewhere stdout is for logs, and one line of them names the store.</summary>
    public static void Print(ILogger logger, TokenryOptions options, string store, string? generatedPassword)
    {
        if (Console.IsOutputRedirected)
        {
            LogStore(logger, store);
            return;
        }

        var text = Console.Out;
        text.WriteLine();
        text.WriteLine($"  Tokenry is ready at {options.Issuer}  ({store})");
        if (generatedPassword is not null)
        {
            text.WriteLine();
            text.WriteLine($"  Administrator   {options.AdminEmail}");
            text.WriteLine($"  Password        {generatedPassword}   (shown this once)");
        }

        text.WriteLine();
        text.WriteLine("  Try it from another terminal:");
        text.WriteLine($"  curl -H \"Authorization: Bearer $(./run admin token)\" {options.Issuer}/v1/me");
        text.WriteLine();
    }

    /// <summary>Where nobody reads along, the generated password waits in a file (0600) of the data directory.</summary>
    public static void KeepPassword(TokenryOptions options, string password)
    {
        var create = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new StreamWriter(Path.Combine(options.DataDirectory, "initial-admin-password"), create);
        file.WriteLine(password);
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Store: {Store}")]
    private static partial void LogStore(ILogger logger, string store);
}
