using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server;

/// <summary>
/// A verb of <c>admin</c> from the command line: stdout is the output alone, words go to stderr. On SQLite the process that holds the data
/// directory carries it out; if none does, this one takes the lock. On PostgreSQL this process does.
/// </summary>
internal static class AdminCommand
{
    /// <param name="verb">As the running server knows it.</param>
    /// <param name="arguments">Its options.</param>
    /// <param name="run">What carries it out here.</param>
    /// <param name="needsStore">Whether it is about a store that is there; otherwise a new one is made.</param>
    public static async Task<int> RunAsync(
        string verb,
        Dictionary<string, string> arguments,
        Func<IServiceProvider, Task<ControlAnswer>> run,
        bool needsStore = false
    )
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (arguments.Remove("data-directory", out var directory))
        {
            settings["Tokenry:DataDirectory"] = directory;
        }

        var options = TokenryOptions.Read(
            new ConfigurationBuilder()
                .AddJsonFile(Path.Combine(Directory.GetCurrentDirectory(), "appsettings.json"), optional: true)
                .AddEnvironmentVariables()
                .AddInMemoryCollection(settings)
                .Build(),
            needsIssuer: false
        );
        if (needsStore && !options.UsesPostgres && !File.Exists(options.DatabasePath))
        {
            throw new StartupException($"There is no store in {options.DataDirectory}. Name its directory: --data-directory D.");
        }

        var answer = options.UsesPostgres ? await RunHereAsync(options, run) : await RunOnSqliteAsync(options, verb, arguments, run);
        if (answer.Message is { } message)
        {
            await Console.Error.WriteLineAsync(message);
        }

        if (answer.Output is { } output)
        {
            Console.WriteLine(output);
        }

        return answer.Failed ? 1 : 0;
    }

    private static async Task<ControlAnswer> RunOnSqliteAsync(
        TokenryOptions options,
        string verb,
        Dictionary<string, string> arguments,
        Func<IServiceProvider, Task<ControlAnswer>> run
    )
    {
        // The server may be between taking the lock and listening, or between letting go and being gone.
        for (var attempt = 0; attempt < 100; attempt++)
        {
            using (var held = DataDirectory.TryHold(options.DataDirectory))
            {
                if (held is not null)
                {
                    return await RunHereAsync(options, run);
                }
            }

            if (await ControlSocket.AskAsync(options.DataDirectory, new ControlRequest(verb, arguments)) is { } answer)
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        return new ControlAnswer(null, $"Another process holds {options.DataDirectory} and does not answer.", failed: true);
    }

    private static async Task<ControlAnswer> RunHereAsync(TokenryOptions options, Func<IServiceProvider, Task<ControlAnswer>> run)
    {
        DataDirectory.Create(options.DataDirectory);
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddFoundation(options)
            .AddPersonalAccessTokens()
            .AddUsers()
            .BuildServiceProvider();
        await FoundationServices.OpenStoreAsync(services);
        var generated = await services.GetRequiredService<BootstrapAdministrator>().RunAsync();
        if (generated is not null)
        {
            Announcement.KeepPassword(options, generated);
        }

        return await run(services);
    }
}
