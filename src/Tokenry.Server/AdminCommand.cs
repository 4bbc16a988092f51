using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server;

/// <summary>
/// A verb of <c>admin</c> from the command line: stdout is the output alone, words go to stderr. A running server carries it out: the one of the data
/// directory, or the only one of this user. If there is none, this process takes the lock of the data directory. With a connection string of
/// PostgreSQL this process does it in any case.
/// </summary>
internal static class AdminCommand
{
    /// <param name="verb">What to do.</param>
    /// <param name="words">The command line, verb included.</param>
    public static async Task<int> RunAsync(AdminVerb verb, string[] words)
    {
        var arguments = verb.Command.Parse(words.AsSpan(verb.Command.Words.Split(' ').Length));
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (arguments.Remove(CommandVerb.DataDirectoryOption, out var directory))
        {
            settings["Tokenry:DataDirectory"] = directory;
        }

        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(Directory.GetCurrentDirectory(), "appsettings.json"), optional: true)
            .AddEnvironmentVariables()
            .AddInMemoryCollection(settings)
            .Build();
        var options = TokenryOptions.Read(configuration, needsIssuer: false);
        var request = new ControlRequest(verb.Command.Words, arguments);
        var isNamed = configuration["Tokenry:DataDirectory"] is not null;
        var answer = options.UsesPostgres
            ? await RunHereAsync(options, verb, arguments)
            : await AskAsync(FindServer(options.DataDirectory, isNamed), options, request)
                ?? (
                    verb.NeedsStore && !File.Exists(options.DatabasePath)
                        ? throw new StartupException(
                            $"There is no store in {options.DataDirectory}. Name its directory: --data-directory D."
                        )
                        : await RunOnSqliteAsync(options, verb, request)
                );
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

    /// <summary>
    /// The running server that is meant, if it is not simply the one that holds the data directory: it has another one, or a database on
    /// PostgreSQL that these arguments do not name.
    /// </summary>
    /// <exception cref="StartupException">There are several.</exception>
    private static ServerState? FindServer(string dataDirectory, bool isNamed)
    {
        var running = RunningServers.Find();
        if (running.FirstOrDefault(server => server.DataDirectory == dataDirectory) is { } exact)
        {
            return exact;
        }

        if (isNamed || running.Count == 0)
        {
            return null;
        }

        var hasStore = File.Exists(Path.Combine(dataDirectory, "tokenry.keys"));
        if (running.Count == 1 && !hasStore)
        {
            return running[0];
        }

        var stopped = hasStore ? $", and {dataDirectory} has the store of one that is stopped" : "";
        throw new StartupException(
            $"These servers run: {string.Join(", ", running.Select(server => $"{server.Urls} ({server.DataDirectory})"))}{stopped}. "
                + $"Name the one you mean: --{CommandVerb.DataDirectoryOption} {running[0].DataDirectory}"
        );
    }

    /// <summary>What the running server says; <c>null</c> where none is meant, or the one of this data directory is just starting or stopping.</summary>
    private static async Task<ControlAnswer?> AskAsync(ServerState? server, TokenryOptions options, ControlRequest request) =>
        server is null ? null
        : await ControlSocket.AskAsync(server, request) is { } answer ? answer
        : server.DataDirectory == options.DataDirectory ? null
        : new ControlAnswer(null, $"The server at {server.Urls} does not answer. Try again.", failed: true);

    private static async Task<ControlAnswer> RunOnSqliteAsync(TokenryOptions options, AdminVerb verb, ControlRequest request)
    {
        await PrepareAsync(options);
        // The server may be between taking the lock and listening, or between letting go and being gone.
        for (var attempt = 0; attempt < 100; attempt++)
        {
            using (var held = DataDirectory.TryHold(options.DataDirectory))
            {
                if (held is not null)
                {
                    return await RunHereAsync(options, verb, request.Options);
                }
            }

            if (await ControlSocket.AskAsync(options.DataDirectory, request) is { } answer)
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        return new ControlAnswer(null, $"Another process holds {options.DataDirectory} and does not answer.", failed: true);
    }

    private static async Task PrepareAsync(TokenryOptions options)
    {
        foreach (var closed in DataDirectory.Create(options.DataDirectory))
        {
            await Console.Error.WriteLineAsync(closed);
        }
    }

    private static async Task<ControlAnswer> RunHereAsync(TokenryOptions options, AdminVerb verb, Dictionary<string, string> arguments)
    {
        await PrepareAsync(options);
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddFoundation(options)
            .AddPersonalAccessTokens()
            .AddUsers()
            .BuildServiceProvider();
        await FoundationServices.OpenStoreAsync(services);
        await services.GetRequiredService<BootstrapAdministrator>().RunAsync();
        return await verb.Operation(services)(arguments, OperatingSystemUser.OfProcess());
    }
}
