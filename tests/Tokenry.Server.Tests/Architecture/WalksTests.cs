using System.Text;
using System.Text.RegularExpressions;

namespace Tokenry.Server.Tests.Architecture;

/// <summary>
/// docs/walks.md: the files of ours that a request passes. A server whose methods name their files is asked each question ten times; what all ten passed is
/// the walk. <c>TOKENRY_UPDATE_GOLDEN=1</c> writes the page again.
/// </summary>
public sealed partial class WalksTests
{
    /// <summary>A reader follows no more files than this.</summary>
    private const int Longest = 13;

    private const int Repeats = 10;

    private static readonly string Page = Path.Combine(Repository.Root, "docs", "walks.md");

    /// <summary>The rooms of what a request leaves behind, after the decision or beside it.</summary>
    private static readonly string[] Left = ["Core/Usage", "Core/Limits", "Platform/Telemetry", "Platform/Store/Audit"];

    [Fact]
    public async Task The_page_lists_what_a_trace_shows()
    {
        var directory = Directory.CreateTempSubdirectory("tokenry-traced-");
        try
        {
            var assembly = TracedServer.Make(directory.FullName);
            var page = await File.ReadAllTextAsync(Page);
            var shown = "";
            // What a busy machine delays can turn up in all ten of a run, so a trace that differs is made again.
            for (var attempt = 0; attempt < 3 && shown != page; attempt++)
            {
                await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { Assembly = assembly });
                shown = page;
                foreach (var (name, walk) in await TraceAsync(server))
                {
                    shown = Between(name).Replace(shown, match => match.Groups[1].Value + walk.ToMarkdown() + match.Groups[2].Value);
                    Assert.Contains($"<!-- trace: {name} -->", shown, StringComparison.Ordinal);
                }
            }

            Assert.DoesNotContain($"\n{Longest + 1}. ", shown, StringComparison.Ordinal);
            if (Environment.GetEnvironmentVariable("TOKENRY_UPDATE_GOLDEN") == "1")
                await File.WriteAllTextAsync(Page, shown);
            else
                Assert.Equal(shown, page);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<Dictionary<string, Walk>> TraceAsync(ServerProcess server)
    {
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Api().Role().Application().ApiKey().ClientSecret().CreateAsync();
        var frame = (await PassedAsync(server, () => server.Client().GetAsync("/health/live"))).Within.Select(FileOf).ToHashSet();
        var verify = await PassedAsync(
            server,
            () =>
                admin
                    .PostAsync(
                        "/v1/verify",
                        new
                        {
                            token = made.ApiKey.Secret,
                            api = made.Api.Identifier,
                            scopes = made.Api.Scopes,
                        }
                    )
                    .Expect(200)
        );
        var token = await PassedAsync(
            server,
            () =>
                server
                    .Client()
                    .FormAsync(
                        "/oauth/token",
                        [("grant_type", "client_credentials"), ("resource", made.Api.Identifier)],
                        (made.Application.Id, made.ClientSecret.Secret)
                    )
                    .Expect(200)
        );
        var create = await PassedAsync(server, () => admin.CreateApiKeyAsync(made.Application.Id));
        return new()
        {
            ["authenticate the caller"] = Walk.Of(verify.Before, frame),
            ["verify an API key"] = Walk.Of(verify.Within, frame),
            ["client_credentials"] = Walk.Of(token.Within, frame),
            ["create an API key"] = Walk.Of(create.Within, frame),
        };
    }

    /// <summary>What each of ten requests passed before its feature and from there on: the lines of the last whose files all of them name.</summary>
    private static async Task<(List<string> Before, List<string> Within)> PassedAsync(ServerProcess server, Func<Task> ask)
    {
        await ask(); // what is read for the first time is remembered from here on
        HashSet<string>? common = null;
        List<string> lines = [];
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            var before = server.ErrorsSoFar;
            await ask();
            lines = [.. (await UpToNextRequestAsync(server, before)).Where(line => FileOf(line).Length > 0)];
            common ??= [.. lines.Select(FileOf)];
            common.IntersectWith(lines.Select(FileOf));
        }

        lines.RemoveAll(line => !common!.Contains(FileOf(line)));
        var feature = Math.Max(0, lines.FindIndex(line => FileOf(line).StartsWith("Tokenry.Server/Features/", StringComparison.Ordinal)));
        return (lines[..feature], lines[feature..]);
    }

    private static string FileOf(string line) =>
        line.StartsWith(TracedServer.Mark, StringComparison.Ordinal) || line.StartsWith(TracedServer.ObjectMark, StringComparison.Ordinal)
            ? line.Split(' ')[1]
            : "";

    /// <summary>Lines arrive in order: after those of a later request, all of the earlier one are there.</summary>
    private static async Task<IReadOnlyList<string>> UpToNextRequestAsync(ServerProcess server, long before)
    {
        const string last = "Tokenry.Server/Composition/Health.cs";
        await server.Client().GetAsync("/health/live");
        for (var waited = 0; waited < 6000; waited++)
        {
            var lines = server.ErrorsSince(before).ToList();
            if (lines.FindIndex(line => FileOf(line) == last) is var end and >= 0)
                return lines[..end];
            await Task.Delay(20);
        }

        throw new InvalidOperationException("The traced server does not say what the last request passed.");
    }

    private static Regex Between(string name) =>
        new($"(<!-- trace: {Regex.Escape(name)} -->\n).*?(<!-- end -->)", RegexOptions.Singleline, TimeSpan.FromSeconds(1));

    /// <summary>What a request passed, by what a reader does with it.</summary>
    private sealed partial record Walk
    {
        private static readonly string Source = Path.Combine(Repository.Root, "src");

        private static readonly HashSet<string> Services = Registered();

        /// <summary>Features and Core: what a reader follows.</summary>
        public required IReadOnlyList<string> Steps { get; init; }

        /// <summary>Alternatives of one list, such as the ways to authenticate a client, that only said that the request is not theirs.</summary>
        private IReadOnlyList<string> Declined { get; init; } = [];

        private IReadOnlyList<string> Records { get; init; } = [];

        private IReadOnlyList<string> Platform { get; init; } = [];

        private IReadOnlyList<string> Values { get; init; } = [];

        public static Walk Of(IReadOnlyList<string> lines, IReadOnlySet<string> frame)
        {
            var files = lines.Select(FileOf).Distinct().Where(file => !frame.Contains(file)).ToList();
            var objects = lines
                .Where(line => line.StartsWith(TracedServer.ObjectMark, StringComparison.Ordinal))
                .Select(FileOf)
                .ToHashSet();
            var records = files
                .Where(file => Left.Any(room => file.StartsWith($"Tokenry.Server/{room}/", StringComparison.Ordinal)))
                .ToList();
            var services = files.Except(records).Where(file => objects.Contains(file) && HoldsService(file)).ToList();
            var platform = services.Where(file => file.StartsWith("Tokenry.Server/Platform/", StringComparison.Ordinal)).ToList();
            var declined = services.Where(file => IsOneOfMany(file) && !lines.Any(line => FileOf(line) == file && IsWork(line))).ToList();
            return new()
            {
                Steps = [.. services.Except(platform).Except(declined)],
                Declined = declined,
                Records = records,
                Platform = platform,
                Values = [.. files.Except(records).Except(services).Order(StringComparer.Ordinal)],
            };
        }

        public string ToMarkdown()
        {
            var text = new StringBuilder();
            for (var number = 0; number < Steps.Count; number++)
                text.Append($"{number + 1}. `{Steps[number]}`: {Summary(Steps[number])}\n");
            text.Append('\n');
            Add("asked, and not concerned", Declined);
            Add("platform", Platform);
            Add("left behind", Records);
            Add("values and functions", Values);
            return text.ToString();

            void Add(string what, IReadOnlyList<string> files)
            {
                if (files.Count > 0)
                    text.Append($"- {what}: {string.Join(", ", files.Select(file => $"`{Path.GetFileNameWithoutExtension(file)}`"))}\n");
            }
        }

        /// <summary>What an alternative does once it was chosen (<c>IClientAuthenticationMethod</c>, <c>IGrant</c>).</summary>
        private static bool IsWork(string line) => line.Split(' ')[2] is "AuthenticateAsync" or "RunAsync";

        private static bool HoldsService(string file) =>
            Class().Matches(File.ReadAllText(Path.Combine(Source, file))).Any(match => Services.Contains(match.Groups["name"].Value));

        private static bool IsOneOfMany(string file) => Alternative().IsMatch(File.ReadAllText(Path.Combine(Source, file)));

        /// <summary>The first sentence of what the type of that name says of itself.</summary>
        private static string Summary(string file)
        {
            var lines = File.ReadAllLines(Path.Combine(Source, file));
            var type = Array.FindIndex(
                lines,
                line => Declaration().IsMatch(line) && line.Contains(Path.GetFileNameWithoutExtension(file), StringComparison.Ordinal)
            );
            var first = type < 0 ? -1 : Array.FindLastIndex(lines, type, line => line.Contains("<summary>", StringComparison.Ordinal));
            Assert.True(first >= 0, $"{file}: the type of that name does not say what it is");
            var summary = string.Join(
                ' ',
                lines[first..type].Where(line => line.StartsWith("///", StringComparison.Ordinal)).Select(line => line[3..].Trim())
            );
            summary = Tag().Replace(Reference().Replace(summary, "`${name}`"), "").Trim();
            return summary.IndexOf(". ", StringComparison.Ordinal) is var end and > 0 ? summary[..(end + 1)] : summary;
        }

        /// <summary>The types that the composition registers as services, as middleware, or that map routes.</summary>
        private static HashSet<string> Registered() =>
            Directory
                .EnumerateFiles(Path.Combine(Source, "Tokenry.Server"), "*.cs", SearchOption.AllDirectories)
                .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
                .SelectMany(file => Registration().Matches(File.ReadAllText(file)))
                .Select(match => match.Groups["name"].Value)
                .ToHashSet(StringComparer.Ordinal);

        [GeneratedRegex(@"\)\s*:\s*(?:IClientAuthenticationMethod|IGrant)\b", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Alternative();

        [GeneratedRegex(
            @"(?:AddSingleton|AddScoped|AddTransient|UseMiddleware)<(?:I\w+, )?(?<name>\w+)>",
            RegexOptions.ExplicitCapture,
            1000
        )]
        private static partial Regex Registration();

        [GeneratedRegex(@"^(?:public|internal) .*\bclass (?<name>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Class();

        [GeneratedRegex(@"^(?:public|internal) .*\b(?:class|struct|record|interface)\b", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Declaration();

        [GeneratedRegex(@"<see cref=""(?:\w+\.)*(?<name>\w+)[^""]*""\s*/>", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Reference();

        [GeneratedRegex("<[^>]+>", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Tag();
    }
}
