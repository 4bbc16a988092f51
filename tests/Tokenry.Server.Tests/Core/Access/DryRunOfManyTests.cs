using System.Globalization;
using Tokenry.Server.Tests.Platform.Store;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Access;

/// <summary>A role that very many credentials hang on can still be changed with its effect told: credentials are looked at one by one, whoever owns how many.</summary>
[Collection(AloneCollection.Name)]
public sealed class DryRunOfManyTests(SharedServers servers)
{
    private const int Copies = 3000;
    private const int MostListed = 200;

    [Theory, BothEngines]
    public async Task All_are_counted_and_the_first_by_their_ids_are_named(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var server = await servers.GetAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a").Application().Application().CreateAsync();
        var keys = new List<string>();
        foreach (var application in made.Applications)
            keys.Add((await admin.CreateApiKeyAsync(application.Id, new { permissions = "owner" })).Id);
        var numbers = string.Join(
            ", ",
            Enumerable.Range(0, Copies).Select(i => string.Create(CultureInfo.InvariantCulture, $"('{i:D6}')"))
        );
        var mark = CreateRequests.Unique("6").Replace("-", "", StringComparison.Ordinal).PadRight(15, 'z');
        for (var i = 0; i < keys.Count; i++)
        {
            // The second owner's come first by their ids.
            await server.ExecuteAsync(
                $"""
                INSERT INTO credentials (id, kind, owner_id, name, masked, created_at, state)
                SELECT 'key_{mark}{(i == 0 ? 'B' : 'A')}' || n.number, kind, owner_id, name, masked, created_at, state
                FROM credentials, (WITH numbers(number) AS (VALUES {numbers}) SELECT number FROM numbers) AS n WHERE id = '{keys[i]}'
                """
            );
        }

        var told = await admin
            .PatchAsync($"/v1/roles/{made.Role.Id}?dry_run=true", new { permissions = new[] { At(made.Api.Identifier, "a", "b") } })
            .Expect(200);
        var gains = told.Json.GetProperty("gains");
        Assert.Equal(2 * (Copies + 1), gains.GetProperty("count").GetInt64());
        var named = gains.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("credential_id").GetString()!).ToList();
        Assert.Equal(MostListed, named.Count);
        Assert.Equal(named.Order(StringComparer.Ordinal), named);
        Assert.All(keys, key => Assert.Contains(key, named)); // ids of today lie before those
        Assert.Equal($"key_{mark}A{MostListed - keys.Count - 1:D6}", named[^1]);
        Assert.Equal(0, told.Json.GetProperty("loses").GetProperty("count").GetInt64());
    }
}
