using System.Text.RegularExpressions;
using Tokenry.Server.Features.AuditLog;
using Tokenry.Server.Platform.Console;

namespace Tokenry.Server.Tests.Features.AuditLog;

/// <summary>The list that the filter of <c>/v1/audit</c> is checked against has every action that the code writes.</summary>
public sealed partial class AuditActionsTests
{
    [Fact]
    public async Task Every_action_in_the_sources_is_known()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "Tokenry.Server"), "*.cs", SearchOption.AllDirectories);
        var written = new SortedSet<string>(StringComparer.Ordinal);
        var others = Languages.Read("en").Keys.Concat(["users.tokens", "credentials.id"]).ToHashSet(); // titles of pages, a noun of scopes and a column look like actions
        foreach (var path in sources.Where(path => !path.Contains("/obj/", StringComparison.Ordinal)))
        foreach (Match match in Literal().Matches(await File.ReadAllTextAsync(path)))
            if (AuditActions.HasKind(match.Groups["noun"].Value) && !others.Contains(match.Groups["action"].Value))
                written.Add(match.Groups["action"].Value);

        Assert.True(written.Count > 40, string.Join(", ", written));
        Assert.DoesNotContain(written, action => !AuditActions.IsKnown(action));
    }

    [Theory, BothEngines]
    public async Task Every_action_in_a_trail_is_known(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ApiKey().ClientSecret().PublicKey().CreateAsync();
        foreach (
            var path in new[] { $"/v1/api-keys/{made.ApiKey.Id}", $"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}" }
        )
        {
            foreach (var verb in new[] { "disable", "enable" })
                await admin.PostAsync($"{path}/{verb}").Expect(200);
            await admin.PatchAsync(path, new { name = "other" }).Expect(200);
            await admin.PostAsync($"{path}/rotate", new { overlap_seconds = 60 }).Expect(200);
            await admin.PostAsync($"{path}/end-overlap").Expect(200);
            await admin.DeleteAsync(path).Expect(204);
        }

        var items = (await admin.GetAsync("/v1/audit?limit=200").Expect(200)).Json.GetProperty("items").EnumerateArray().ToList();
        Assert.True(items.Count > 12);
        Assert.All(items, item => Assert.True(AuditActions.IsKnown(item.GetProperty("action").GetString()!), item.ToString()));
    }

    [GeneratedRegex("\"(?<action>(?<noun>[a-z_]+)\\.[a-z_]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Literal();
}
