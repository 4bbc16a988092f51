using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.SignIn;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Composition;

/// <summary>
/// Runs a verb of <c>admin</c> from the command line: stdout is the output alone, messages go to stderr. A running server carries it out: the one of the
/// data directory, or the only one of this user. If there is none, this process takes the lock of the data directory. With a connection string of
/// PostgreSQL, this process always carries it out.
/// </summary>
internal static class AdminCommand
{
    /// <param name="verb">The verb.</param>
    /// <param name="arguments">Its options by name.</param>
    public static async Task<int> RunAsync(AdminVerb verb, Dictionary<string, string> arguments)
    {
        verb.Check(arguments);
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal);
        var isTyped = arguments.Remove(CommandVerb.DataDirectoryOption, out var directory);
        if (isTyped)
        {
            if (string.IsNullOrWhiteSpace(directory))
            {
                throw new StartupException($"--{CommandVerb.DataDirectoryOption} is empty. Name the directory of the server's store.");
            }

            settings["Tokenry:DataDirectory"] = directory;
        }

        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(Directory.GetCurrentDirectory(), "appsettings.json"), optional: true)
            .AddEnvironmentVariables()
            .AddInMemoryCollection(settings)
            .Build();
        if (verb.Alone is { } alone)
        {
            return await PrintAsync(await alone(configuration, arguments));
        }

        var options = TokenryOptions.Read(configuration, needsIssuer: false);
        var request = new ControlRequest(verb.Command.Words, arguments);
        var isNamed = configuration["Tokenry:DataDirectory"] is not null;
        // An operator names a directory that a server uses: if it has no store, the name is wrong.
        var opening = new Opening(options, verb, arguments, MakesStore: verb.MakesStore && !isTyped);
        var answer = options.Store.UsesPostgres
            ? await RunHereAsync(opening)
            : await AskAsync(FindServer(options.Store.DataDirectory, isNamed), options, request)
                ?? await RunOnSqliteAsync(opening, request);
        return await PrintAsync(answer);
    }

    /// <returns>The exit code.</returns>
    private static async Task<int> PrintAsync(ControlAnswer answer)
    {
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
    /// Finds the running server that the operator means. This can be a server other than the one that holds the data directory: it has another data
    /// directory, or a database on PostgreSQL that these arguments do not name.
    /// </summary>
    /// <exception cref="StartupException">More than one server qualifies.</exception>
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

        var choices = running.Select(server => Choice(server.DataDirectory, $"the server at {server.Urls}"));
        if (hasStore)
        {
            choices = choices.Prepend(Choice(dataDirectory, "the store of this folder; its server is stopped"));
        }

        throw new StartupException(
            $"Which server do you mean? Say it with one of these:{string.Concat(choices.Select(choice => $"{Environment.NewLine}  {choice}"))}"
        );

        static string Choice(string directory, string what) => $"--{CommandVerb.DataDirectoryOption} {directory}   ({what})";
    }

    /// <summary>
    /// The running server's answer; <c>null</c> if no server is meant, or if the server of this data directory is just starting or stopping.
    /// </summary>
    private static async Task<ControlAnswer?> AskAsync(ServerState? server, TokenryOptions options, ControlRequest request) =>
        server is null ? null
        : await ControlSocket.AskAsync(server, request) is { } answer ? answer
        : server.DataDirectory == options.Store.DataDirectory ? null
        : new ControlAnswer(null, $"The server at {server.Urls} does not answer. Try again.", failed: true);

    private static async Task<ControlAnswer> RunOnSqliteAsync(Opening opening, ControlRequest request)
    {
        var directory = opening.Options.Store.DataDirectory;
        await PrepareAsync(opening);
        // The server may have taken the lock but not listen yet, or have released the lock but not ended yet.
        for (var attempt = 0; attempt < 100; attempt++)
        {
            using (var held = DataDirectory.TryHold(directory))
            {
                if (held is not null)
                {
                    return await RunHereAsync(opening);
                }
            }

            if (await ControlSocket.AskAsync(directory, request) is { } answer)
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        return new ControlAnswer(null, $"Another process holds {directory} and does not answer.", failed: true);
    }

    private static async Task PrepareAsync(Opening opening)
    {
        var options = opening.Options;
        // On PostgreSQL the store is in the database; the servers have only the key file here.
        if (!opening.MakesStore && !File.Exists(options.Store.UsesPostgres ? options.Store.KeyFile : options.Store.DatabasePath))
        {
            throw new StartupException(
                options.Store.UsesPostgres
                    ? $"There is no key file {options.Store.KeyFile}. Name the directory of the server: --{CommandVerb.DataDirectoryOption} D, or set "
                        + "Tokenry:KeyFile."
                    : $"There is no store in {options.Store.DataDirectory}. Name the directory of the server: --{CommandVerb.DataDirectoryOption} D. A new "
                        + "store is made by the first start of a server."
            );
        }

        foreach (var closed in DataDirectory.Create(options.Store.DataDirectory))
        {
            await Console.Error.WriteLineAsync(closed);
        }
    }

    private static async Task<ControlAnswer> RunHereAsync(Opening opening)
    {
        await PrepareAsync(opening);
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddCore(opening.Options)
            .AddPersonalAccessTokens()
            .AddUsers()
            .AddSignIn()
            .BuildServiceProvider();
        await CoreServices.OpenStoreAsync(services, opening.MakesStore);
        await services.GetRequiredService<BootstrapAdministrator>().RunAsync();
        return await opening.Verb.Operation(services)(opening.Arguments, OperatingSystemUser.OfProcess());
    }

    /// <summary>The input of a verb that runs in this process.</summary>
    private sealed record Opening(TokenryOptions Options, AdminVerb Verb, Dictionary<string, string> Arguments, bool MakesStore);
}
