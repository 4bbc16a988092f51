using System.Globalization;
using Dapper;
using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Composition.Demo;

/// <summary>
/// <c>admin demo</c>: fills an empty store with a company that has used this server for half a year. The server runs in this process on a clock of its own
/// (<see cref="StoryClock"/>), and <see cref="DemoStory"/> calls its API.
/// </summary>
internal static class FillDemo
{
    public static readonly CommandVerb Command = new(
        "admin demo",
        "Fills an empty data directory with an example company: half a year of people, keys, usage and some trouble. Takes about a minute."
    )
    {
        Own = [new(SizeOption, "small; or large, which adds four generated weeks of 100,000 users and takes some minutes.", "SIZE")],
    };

    /// <summary>The answer of a server that runs: its store is not empty.</summary>
    public static readonly ControlAnswer InUse = new(null, $"A server uses this store. {Remedy}", failed: true);

    private const string SizeOption = "size";
    private const string Small = "small";
    private const string Large = "large";

    private const string Remedy =
        "The demonstration needs an empty one, so that no example gets among real data. Name one that does not exist yet, such as --data-directory demo.";

    /// <summary>Checks the options without the store.</summary>
    /// <exception cref="StartupException">The size is unknown.</exception>
    public static void Check(IReadOnlyDictionary<string, string> words)
    {
        if (words.GetValueOrDefault(SizeOption, Small) is not (Small or Large) and var size)
        {
            throw new StartupException($"'{size}' is not a size of the demonstration. Known: {Small}, {Large}.");
        }
    }

    /// <param name="configuration">The settings, with the data directory.</param>
    /// <param name="words">The options of the command line.</param>
    /// <exception cref="StartupException">The store is not empty, or a server uses it.</exception>
    public static async Task<ControlAnswer> RunAsync(IConfiguration configuration, IReadOnlyDictionary<string, string> words)
    {
        var options = TokenryOptions.Read(configuration, needsIssuer: false);
        await RefuseWhatIsThereAsync(options);
        var now = TimeProvider.System.GetUtcNow();
        if (words.GetValueOrDefault(SizeOption) == Large)
        {
            await FillAsync(options, DemoSize.Large, now);
        }
        else
        {
            await TellAsync(options, now, logsAllAccess: false);
        }

        return new ControlAnswer(null, Goodbye(options));
    }

    /// <summary>The story, which ends before the generated weeks, and these.</summary>
    internal static async Task FillAsync(TokenryOptions options, DemoSize size, DateTimeOffset now)
    {
        await TellAsync(options, now - DemoBulk.Span, logsAllAccess: true);
        var said = 0;
        await DemoBulk.FillAsync(
            options,
            size,
            now,
            part =>
            {
                if ((int)(part * 10) > said)
                {
                    said = (int)(part * 10);
                    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {said * 10} % of the generated weeks"));
                }
            }
        );
    }

    private static async Task TellAsync(TokenryOptions options, DateTimeOffset now, bool logsAllAccess)
    {
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        var clock = new StoryClock(today.AddDays(-DemoStory.Days).AddHours(7));
        await using var server = await TokenryServer.BuildAsync(Arguments(options), clock);
        var services = server.App.Services;
        await services.GetRequiredService<BootstrapAdministrator>().RunAsync();
        await server.App.StartAsync();
        var token = await services
            .GetRequiredService<IssueAdminToken>()
            .RunAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["expires-in"] = "never" }, OperatingSystemUser.OfProcess());
        using var api = new DemoApi(new Uri(server.App.Urls.First()), clock) { Token = token.Output };
        var story = new DemoStory(api, clock, new DemoTraffic(api, clock, now), today);
        await story.RunAsync(SayProgressAsync);
        clock.MoveTo(now);
        if (logsAllAccess)
        {
            await story.LogAllAccessAsync();
        }

        await api.AsAdministratorAsync(HttpMethod.Delete, "/v1/me/credential");
        await server.App.StopAsync();
    }

    /// <summary>Looks before the server is built, because a server with another clock must not open a store that is in use.</summary>
    private static async Task RefuseWhatIsThereAsync(TokenryOptions options)
    {
        if (!options.Store.UsesPostgres)
        {
            if (File.Exists(options.Store.DatabasePath) || File.Exists(options.Store.KeyFile))
            {
                throw new StartupException($"There is a store in {options.Store.DataDirectory}. {Remedy}");
            }

            return;
        }

        await using var services = new ServiceCollection().AddLogging().AddCore(options).BuildServiceProvider();
        var database = services.GetRequiredService<Database>();
        if (
            await database.ReadAsync(connection =>
                connection.ExecuteScalarAsync<bool>("SELECT to_regclass('schema_migrations') IS NOT NULL")
            )
        )
        {
            throw new StartupException($"{database.Description} has a store. {Remedy}");
        }
    }

    /// <summary>The operator's own settings come from the environment as in any start; these do not leave this process.</summary>
    private static string[] Arguments(TokenryOptions options) =>
        [
            "--urls=http://127.0.0.1:0",
            "--Logging:LogLevel:Default=Error",
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Error",
            $"--Tokenry:DataDirectory={options.Store.DataDirectory}",
            "--Tokenry:Issuer=http://localhost:7600",
            "--Tokenry:TlsUrl=",
            "--Tokenry:TrustedProxies=127.0.0.1",
            "--Tokenry:Console:Enabled=false",
            .. options.Store.ConnectionString is { } connection ? [$"--{KnownSettings.Connection}={connection}"] : Array.Empty<string>(),
        ];

    private static async Task SayProgressAsync(int day)
    {
        if (day % 30 == 0)
        {
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  {day} of {DemoStory.Days} days"));
        }
    }

    private static string Goodbye(TokenryOptions options) =>
        $"The demonstration is ready. Start its server and open the link that it prints:\n  ./run --Tokenry:DataDirectory={options.Store.DataDirectory}\n"
        + "Everything in it is invented. Do not use it for real credentials.";
}
