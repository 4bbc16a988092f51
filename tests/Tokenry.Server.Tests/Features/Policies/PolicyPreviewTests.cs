using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Policies;

/// <summary>A preview names what a policy would affect, and changes nothing.</summary>
public sealed class PolicyPreviewTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Each_live_credential_that_breaks_the_proposal_is_named_with_every_rule(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        var good = await admin.CreateApiKeyAsync(application.Id, new { expires_at = In(600), allowed_ips = new[] { "10.1.2.3" } });
        var forever = await admin.CreateApiKeyAsync(application.Id, new { allowed_ips = new[] { "10.1.2.3" } });
        var elsewhere = await admin.CreateApiKeyAsync(application.Id, new { expires_at = In(600) });
        var secret = await admin.CreateClientSecretAsync(application.Id, new { allowed_ips = new[] { "10.1.2.3" } });
        foreach (var end in new[] { "revoke", "disable" })
        {
            var ended = await admin.CreateApiKeyAsync(application.Id);
            var answer =
                end == "revoke"
                    ? await admin.DeleteAsync($"/v1/api-keys/{ended.Id}")
                    : await admin.PostAsync($"/v1/api-keys/{ended.Id}/disable");
            Assert.InRange(answer.Status, 200, 204);
        }

        var other = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(await admin.OrganizationAsync())).Id);
        var proposed = new
        {
            max_lifetimes = new[] { new { kind = "api_key", seconds = 3600 } },
            forbidden_kinds = new[] { "client_secret" },
            allowed_networks = new[] { "10.0.0.0/8" },
        };
        var administrator = (await admin.AdministratorAsync(organization)).Client;
        var named = await AllAsync(administrator, organization, proposed, limit: 1);
        // The token of the administrator works everywhere, too.
        Assert.Equal(4, named.Count);
        Assert.Equal(["max_lifetimes"], named[forever.Id]);
        Assert.Equal(["allowed_networks"], named[elsewhere.Id]);
        Assert.Equal(["forbidden_kinds"], named[secret.Id]);
        Assert.DoesNotContain(good.Id, named.Keys);
        Assert.Equal(
            named.Keys.Order(StringComparer.Ordinal),
            (await AllAsync(admin, organization, proposed, limit: 200)).Keys.Order(StringComparer.Ordinal)
        );

        var server = await AllAsync(admin, null, proposed, limit: 200);
        Assert.Equal(["max_lifetimes", "allowed_networks"], server[other.Id]);
        Assert.Equal(["max_lifetimes"], server[forever.Id]);

        // Nothing changed.
        Assert.Equal(0, await admin.EventsAsync(organization, "policy.updated"));
        await admin.PostAsync($"/v1/applications/{application.Id}/secrets", new { name = "still allowed" }).Expect(201);
        await admin.PostAsync(PolicyCalls.Path(organization) + "/preview?cursor=key_1", proposed).ExpectFaultAsync("cursor");
        await admin
            .PostAsync(PolicyCalls.Path(organization) + "/preview", new { max_tokens_per_user = 0 })
            .ExpectFaultAsync("max_tokens_per_user");
    }

    [Theory, BothEngines]
    public async Task Of_too_many_tokens_the_newest_are_named(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var person = await admin.PersonAsync();
        await admin.JoinAsync(organization, person.Id).Expect(200);
        await admin.CreatePersonalAccessTokenAsync(person.Id); // elsewhere: it does not count
        var tokens = new List<string>();
        for (var i = 0; i < 4; i++)
            tokens.Add((await admin.CreatePersonalAccessTokenAsync(person.Id, new { organization_id = organization })).Id);
        var named = await AllAsync(admin, organization, new { max_tokens_per_user = 3 }, limit: 50);
        Assert.Equal([tokens.Order(StringComparer.Ordinal).Last()], named.Keys);
        Assert.Equal(["max_tokens_per_user"], named.Values.Single());
    }

    /// <summary>The rules that each named credential breaks, read page by page.</summary>
    private static async Task<Dictionary<string, string[]>> AllAsync(ApiClient client, string? organization, object proposed, int limit)
    {
        var named = new Dictionary<string, string[]>(StringComparer.Ordinal);
        for (var cursor = ""; cursor is not null; )
        {
            var page = await client
                .PostAsync(
                    $"{PolicyCalls.Path(organization)}/preview?limit={limit}{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}",
                    proposed
                )
                .Expect(200);
            var items = page.Json.GetProperty("items").EnumerateArray().ToList();
            Assert.True(items.Count <= limit);
            foreach (var item in items)
            {
                Assert.True(organization is null || item.GetProperty("organization_id").GetString() == organization);
                var breaks = item.GetProperty("breaks").EnumerateArray().ToList();
                Assert.All(breaks, broken => Assert.Equal(organization ?? "server", broken.GetProperty("owner").GetString()));
                named.Add(item.GetProperty("id").GetString()!, [.. breaks.Select(broken => broken.GetProperty("rule").GetString()!)]);
            }

            cursor = page.Json.GetProperty("next_cursor").GetString();
        }

        return named;
    }
}
