using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server;

/// <summary>
/// <c>admin token</c> from the command line: stdout is the token alone, words go to stderr. On SQLite the process that holds the data
/// directory issues it; if none does, this one takes the lock. On PostgreSQL it is a transaction like any other.
/// </summary>
internal static class AdminTokenCommand
{
    public static async Task<int> RunAsync(Dictionary<string, string> arguments)
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
        var answer = options.UsesPostgres ? await IssueAsync(options, arguments) : await IssueOnSqliteAsync(options, arguments);
        await Console.Error.WriteLineAsync(answer.Message);
        if (answer.Failed)
        {
            return 1;
        }

        Console.WriteLine(answer.Output);
        return 0;
    }

    private static async Task<ControlAnswer> IssueOnSqliteAsync(TokenryOptions options, Dictionary<string, string> arguments)
    {
        // The server may be between taking the lock and listening, or between letting go and being gone.
        for (var attempt = 0; attempt < 100; attempt++)
        {
            using (var held = DataDirectory.TryHold(options.DataDirectory))
            {
                if (held is not null)
                {
                    return await IssueAsync(options, arguments);
                }
            }

            if (await ControlSocket.AskAsync(options.DataDirectory, new ControlRequest(IssueAdminToken.Verb, arguments)) is { } answer)
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        return new ControlAnswer(null, $"Another process holds {options.DataDirectory} and does not answer.", failed: true);
    }

    private static async Task<ControlAnswer> IssueAsync(TokenryOptions options, Dictionary<string, string> arguments)
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

        return await services.GetRequiredService<IssueAdminToken>().RunAsync(arguments);
    }
}
