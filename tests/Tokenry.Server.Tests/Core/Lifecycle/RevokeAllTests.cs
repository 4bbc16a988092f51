using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using OAuthDoors = Tokenry.Server.Tests.Features.OAuth.Doors;

namespace Tokenry.Server.Tests.Core.Lifecycle;

/// <summary>One call ends everything of a user or an application (issue 13, A3).</summary>
public sealed class RevokeAllTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A3_everything_of_an_application_ends_at_once_and_what_comes_after_is_good(Engine engine)
    {
        var doors = await OAuthDoors.ArrangeAsync(await servers.AdminAsync(engine));
        var (admin, app) = (doors.Admin, doors.Made.Application.Id);
        var key = await admin.CreateApiKeyAsync(app);
        using var pair = ClientKey.Make();
        var registered = (await admin.CreatePublicKeyAsync(app, pair)).Text("id");
        var token = await doors.NewTokenAsync();
        await doors.ExpectGoodAsync(token);

        var answer = await admin.PostAsync($"/v1/applications/{app}/revoke-all", new { reason = "laptop stolen" }).Expect(200);
        Assert.Equal(3, answer.Json.GetProperty("revoked").GetInt64());
        Assert.Equal("revoked", await admin.CodeAsync(key.Secret));
        Assert.Equal("revoked", await admin.VerifyAsync(token, OAuthDoors.Api));
        await doors.Anonymous.TokenAsync(doors.Made.Client()).ExpectOAuth(401, "invalid_client");
        foreach (var id in new[] { key.Id, registered, doors.Made.ClientSecret.Id })
        {
            var told = await admin.GetAsync($"/v1/audit?target={id}").Expect(200);
            Assert.Contains(
                told.Json.GetProperty("items").EnumerateArray(),
                entry =>
                    entry.GetProperty("action").GetString()!.EndsWith(".revoked", StringComparison.Ordinal)
                    && entry.GetProperty("reason").GetString()!.Contains("laptop stolen", StringComparison.Ordinal)
                    && entry.GetProperty("reason").GetString()!.Contains(app, StringComparison.Ordinal)
            );
        }

        var deed = (await admin.GetAsync($"/v1/audit?target={app}&action=application.credentials_revoked").Expect(200)).Json;
        Assert.Equal("laptop stolen", Assert.Single(deed.GetProperty("items").EnumerateArray()).GetProperty("reason").GetString());
        Assert.Equal(
            0,
            (await admin.PostAsync($"/v1/applications/{app}/revoke-all", new { }).Expect(200)).Json.GetProperty("revoked").GetInt64()
        );

        var secret = await admin.CreateClientSecretAsync(app);
        var fresh = await doors.Anonymous.AccessTokenAsync((app, secret.Secret), ("resource", OAuthDoors.Api));
        await doors.ExpectGoodAsync(fresh);
    }

    [Theory, BothEngines]
    public async Task A3_with_a_time_only_what_was_issued_before_it_ends(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.PersonAsync();
        var before = await admin.CreatePersonalAccessTokenAsync(user.Id);
        var made = await EventuallyLaterAsync(admin, user.Id, before);
        var path = $"/v1/users/{user.Id}/revoke-all";
        await admin.PostAsync(path, new { issued_before = In(3600) }).ExpectFaultAsync("issued_before");
        await admin.PostAsync(path, new { issued_before = "yesterday" }).ExpectFaultAsync("issued_before");
        Assert.Equal(
            0,
            (await admin.PostAsync(path, new { issued_before = "2020-01-01T00:00:00Z" }).Expect(200)).Json.GetProperty("revoked").GetInt64()
        );
        var answer = await admin.PostAsync(path, new { issued_before = made.Response.Text("created_at") }).Expect(200);
        Assert.Equal(1, answer.Json.GetProperty("revoked").GetInt64());
        Assert.Equal("revoked", await admin.CodeAsync(before.Secret));
        Assert.Equal("valid", await admin.CodeAsync(made.Secret));

        // Made a millisecond later, or more.
        static async Task<CreatedCredential> EventuallyLaterAsync(ApiClient admin, string userId, CreatedCredential before)
        {
            while (true)
            {
                var next = await admin.CreatePersonalAccessTokenAsync(userId);
                if (next.Response.Time("created_at") > before.Response.Time("created_at"))
                    return next;
                await admin.DeleteAsync($"/v1/tokens/{next.Id}").Expect(204);
            }
        }
    }

    [Theory, BothEngines]
    public async Task A3_access_tokens_that_an_application_holds_of_others_end_with_its_own(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var exchange = await Exchange.ArrangeAsync(admin);
        var token = await exchange.TokenAsync(exchange.Pat, ("subject_token_type", Exchange.PersonalAccessToken));
        Assert.Equal("valid", await admin.VerifyAsync(token, exchange.Made.Api.Identifier));
        await admin.PostAsync($"/v1/applications/{exchange.Service.Id}/revoke-all", new { }).Expect(200);
        Assert.Equal("revoked", await admin.VerifyAsync(token, exchange.Made.Api.Identifier));
        Assert.Equal("valid", await admin.CodeAsync(exchange.Made.PersonalAccessToken.Secret));
    }

    [Theory, BothEngines]
    public async Task A3_people_end_what_is_theirs_and_nothing_of_others(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var developer = await admin.PersonWithTokenAsync([Developer], At(Management, "tokens:own", "applications:own"));
        var stranger = await admin.PersonWithTokenAsync([Developer], At(Management, "tokens:own", "applications:own"));
        var application = await developer.Client.CreateApplicationAsync([]);
        var key = await developer.Client.CreateApiKeyAsync(application.Id);
        await stranger.Client.PostAsync($"/v1/applications/{application.Id}/revoke-all", new { }).Expect(404, "not_found");
        await stranger.Client.PostAsync($"/v1/users/{developer.Id}/revoke-all", new { }).Expect(404, "not_found");
        await developer.Client.PostAsync($"/v1/applications/{application.Id}/revoke-all", new { }).Expect(200);
        Assert.Equal("revoked", await admin.CodeAsync(key.Secret));
        await developer.Client.PostAsync($"/v1/users/{developer.Id}/revoke-all", new { }).Expect(200);
        await developer.Client.GetAsync("/v1/me").Expect(401, "invalid_token");
        await admin.PostAsync($"/v1/users/{developer.Id}/revoke-all", new { issued_after = In(0) }).ExpectFaultAsync("issued_after");
    }
}
