using System.Text.Json;
using Tokenry.Server.Tests.Features.Organizations;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Notices;

public sealed class NoticesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task What_another_does_to_a_token_is_told_to_its_user_until_it_is_dismissed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role().User().PersonalAccessToken().PersonalAccessToken(_ => Own).CreateAsync();
        var (token, own) = (made.PersonalAccessTokens[0], admin.With(made.PersonalAccessTokens[1].Secret));
        await admin.PostAsync($"/v1/tokens/{token.Id}/disable").Expect(200);
        await admin.DeleteAsync($"/v1/tokens/{token.Id}?reason=tidying").Expect(204);

        var notices = await ToldAsync(own, 2);
        Assert.Equal(["revoked", "disabled"], notices.Select(notice => notice.GetProperty("kind").GetString()));
        Assert.All(notices, notice => Assert.Equal(token.Id, notice.GetProperty("target_id").GetString()));
        Assert.Equal("tidying", notices[0].GetProperty("reason").GetString());

        await own.DeleteAsync($"/v1/me/notices/{notices[0].GetProperty("id").GetString()}").Expect(204);
        await own.DeleteAsync($"/v1/me/notices/{notices[0].GetProperty("id").GetString()}").Expect(404);
        Assert.Equal("disabled", Assert.Single(await ToldAsync(own, 1)).GetProperty("kind").GetString());
        await own.DeleteAsync("/v1/me/notices").Expect(204);
        await own.DeleteAsync("/v1/me/notices").Expect(204);
        Assert.Empty((await own.GetAsync("/v1/me/notices").Expect(200)).Json.GetProperty("items").EnumerateArray());
    }

    [Theory, BothEngines]
    public async Task What_a_person_does_is_no_news_to_them_and_a_leak_always_is(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role().User().PersonalAccessToken(_ => Own).CreateAsync();
        var own = admin.With(made.PersonalAccessToken.Secret);
        var first = await OwnTokenAsync(own);
        var second = await OwnTokenAsync(own);
        await own.DeleteAsync($"/v1/tokens/{first.Text("id")}").Expect(204);
        await admin.With(null).PostAsync("/v1/credentials/revoke", new { token = second.Text("token") }).Expect(202);

        var told = Assert.Single(await ToldAsync(own, 1)); // in the order of the trail: the first would be there
        Assert.Equal(second.Text("id"), told.GetProperty("target_id").GetString());
        Assert.Equal("reported as leaked", told.GetProperty("reason").GetString());
    }

    [Theory, BothEngines]
    public async Task An_expiry_is_told_once_even_after_a_restart(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Api("a").Role().User().PersonalAccessToken(_ => Own).CreateAsync();
        var own = admin.With(made.PersonalAccessToken.Secret);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            var token = await own.PostAsync("/v1/me/tokens", new { name = "short", permissions = Array.Empty<object>() }).Expect(201);
            await SoonOver.MakeAsync(end => own.PatchAsync($"/v1/tokens/{token.Text("id")}", new { expires_at = end }).Expect(200));
        }

        var notices = await ToldAsync(own, 3);
        Assert.All(notices, notice => Assert.Equal("expired", notice.GetProperty("kind").GetString()));
        Assert.Equal(3, notices.Select(notice => notice.GetProperty("target_id").GetString()).Distinct().Count());
        await server.RestartAsync();
        var later = await OwnTokenAsync(own);
        await admin.DeleteAsync($"/v1/tokens/{later.Text("id")}").Expect(204);
        Assert.Equal(4, (await ToldAsync(own, 4)).Count); // the last is told after what a restart would tell again
    }

    [Theory, BothEngines]
    public async Task Administrators_of_the_organization_that_owns_the_application_are_told_and_other_members_are_not(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var people = await Scenario
            .On(admin)
            .Api("a")
            .Role()
            .User()
            .PersonalAccessToken(_ => Own)
            .User()
            .PersonalAccessToken(_ => Own)
            .CreateAsync();
        foreach (var (user, role) in people.Users.Zip([OrganizationCalls.OrganizationAdministrator, OrganizationCalls.OrganizationMember]))
            await admin.JoinAsync(organization, user.Id, role).Expect(200);
        var made = await Scenario.On(admin).Application(_ => new { organization_id = organization }).ApiKey().CreateAsync();
        await admin.DeleteAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(204);

        var told = Assert.Single(await ToldAsync(admin.With(people.PersonalAccessTokens[0].Secret), 1));
        Assert.Equal(made.ApiKey.Id, told.GetProperty("target_id").GetString());
        var member = admin.With(people.PersonalAccessTokens[1].Secret);
        Assert.Empty((await member.GetAsync("/v1/me/notices").Expect(200)).Json.GetProperty("items").EnumerateArray());
        await member.DeleteAsync($"/v1/me/notices/{told.GetProperty("id").GetString()}").Expect(404);
    }

    internal static object Own => new { permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "tokens:own" } } } };

    internal static async Task<ApiResponse> OwnTokenAsync(ApiClient own) =>
        await own.PostAsync("/v1/me/tokens", new { name = "mine", permissions = Array.Empty<object>() }).Expect(201);

    /// <summary>Waits until a person has so many notices.</summary>
    internal static async Task<List<JsonElement>> ToldAsync(ApiClient own, int count)
    {
        List<JsonElement> notices = [];
        await EventuallyAsync(
            async () =>
            {
                notices = [.. (await own.GetAsync("/v1/me/notices").Expect(200)).Json.GetProperty("items").EnumerateArray()];
                return notices.Count >= count;
            },
            $"{count} notices"
        );
        return notices;
    }
}
