using Tokenry.Server.Tests.Contracts;

namespace Tokenry.Server.Tests.Features.SignIn;

public sealed class SessionsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_person_sees_where_they_are_signed_in_and_ends_another_session(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var here = await admin.BrowserOfAsync(user.Id);
        var elsewhere = new Browser(admin.Address);
        (await elsewhere.SignInAsync(user.Email)).Expect(303);
        var page = (await here.GetAsync("/account/security")).Expect(200);
        Assert.Equal(2, page.Body.Split("<tr id=\"ses_").Length - 1);
        Assert.Equal(1, page.Body.Split("(this device)").Length - 1);

        var other = "ses_" + elsewhere.Session![..22];
        var form = (await here.HiddenAsync("/account/security", "/account/security/sessions/end")).Where(field => field.Name != "id");
        (await here.PostAsync("/account/security/sessions/end", [.. form, ("id", other)])).Expect(303);
        (await elsewhere.GetAsync("/account/security")).Expect(303);
        (await here.GetAsync("/account/security")).Expect(200);
    }

    [Theory, BothEngines]
    public async Task Ending_all_others_keeps_this_one_and_every_token(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id);
        var here = await admin.BrowserOfAsync(user.Id);
        var others = new List<Browser>();
        for (var i = 0; i < 3; i++)
        {
            others.Add(new Browser(admin.Address));
            (await others[^1].SignInAsync(user.Email)).Expect(303);
        }

        (await here.SubmitAsync("/account/security", "/account/security/sessions/end-others", [])).Expect(303);
        foreach (var other in others)
            (await other.GetAsync("/account/security")).Expect(303);
        (await here.GetAsync("/account/security")).Expect(200);
        await admin.With(token.Secret).GetAsync("/v1/me").Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_token_lists_and_ends_the_sessions_of_its_user_and_of_nobody_else(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var stranger = await admin.CreateUserAsync([]);
        var permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "tokens:own" } } };
        var own = admin.With((await admin.CreatePersonalAccessTokenAsync(user.Id, new { permissions })).Secret);
        var browser = await admin.BrowserOfAsync(user.Id);
        var foreign = await admin.BrowserOfAsync(stranger.Id);
        var listed = (await own.GetAsync("/v1/me/sessions").Expect(200)).Json.GetProperty("items");
        var session = Assert.Single(listed.EnumerateArray());
        Assert.Equal("ses_" + browser.Session![..22], session.GetProperty("id").GetString());
        Assert.Equal("127.0.0.1", session.GetProperty("ip").GetString());
        Assert.False(session.GetProperty("current").GetBoolean());

        await own.DeleteAsync($"/v1/me/sessions/ses_{foreign.Session![..22]}").Expect(404);
        await own.DeleteAsync("/v1/me/sessions/ses_garbage").Expect(404);
        (await foreign.GetAsync("/account/security")).Expect(200);
        await own.DeleteAsync($"/v1/me/sessions/{session.GetProperty("id").GetString()}").Expect(204);
        (await browser.GetAsync("/account/security")).Expect(303);
        Assert.Equal(0, (await own.GetAsync("/v1/me/sessions").Expect(200)).Json.GetProperty("items").GetArrayLength());
        await own.GetAsync($"/v1/users/{user.Id}/sessions").Expect(403, "insufficient_scope");
    }

    [Theory, BothEngines]
    public async Task An_administrator_ends_the_sessions_of_a_user_who_is_no_more_than_the_administrator(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        Assert.Equal(1, (await admin.GetAsync($"/v1/users/{user.Id}/sessions").Expect(200)).Json.GetProperty("items").GetArrayLength());
        await admin.DeleteAsync($"/v1/users/{user.Id}/sessions").Expect(204);
        (await browser.GetAsync("/account/security")).Expect(303);

        var role = await admin.CreateRoleAsync([new { api = "urn:tokenry:management", scopes = new[] { "users:read", "users:write" } }]);
        var helpDesk = await Actor.CreateAsync(admin, [role.Id], ["users:read", "users:write"]);
        var administrator = (await Actor.BuiltInRolesAsync(admin))["administrator"].Id;
        var other = await admin.CreateUserAsync([administrator]);
        await helpDesk.Client.DeleteAsync($"/v1/users/{other.Id}/sessions").Expect(403, "exceeds_own_rights");
        await admin.GetAsync($"/v1/users/{Call.UnknownId("usr")}/sessions").Expect(404);
    }

    [Fact]
    public async Task A_session_that_ends_on_one_replica_ends_on_the_other()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Postgres);
        await using var two = await one.StartReplicaAsync();
        var admin = await one.AdminAsync();
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        var there = new Browser(two.Address);
        there.Cookies[Browser.SessionCookie] = browser.Session!;
        (await there.GetAsync("/account/security")).Expect(200);
        await admin.DeleteAsync($"/v1/users/{user.Id}/sessions").Expect(204);
        // The other replica reads changes at least twice a second; the wait ends with the event.
        while ((await there.Copy().GetAsync("/account/security")).Status != 303)
            await Task.Delay(50);
    }

    [Theory, BothEngines]
    public async Task A_session_ends_when_it_is_not_used_and_a_day_after_sign_in_however_much_it_is(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var admin = server.Admin;
        var user = await admin.CreateUserAsync([]);
        var idle = await admin.BrowserOfAsync(user.Id);
        var old = new Browser(admin.Address);
        (await old.SignInAsync(user.Email)).Expect(303);
        var kept = new Browser(admin.Address);
        (await kept.SignInAsync(user.Email)).Expect(303);
        await ChangeAsync(idle, "last_seen_at = last_seen_at - 8 * 3600000");
        await ChangeAsync(old, "ends_at = 1");
        (await idle.GetAsync("/account/security")).Expect(303);
        (await old.GetAsync("/account/security")).Expect(303);
        var page = (await kept.GetAsync("/account/security")).Expect(200);
        Assert.Equal(1, page.Body.Split("<tr id=\"ses_").Length - 1); // the list shows live ones only

        async Task ChangeAsync(Browser browser, string what)
        {
            var id = "ses_" + browser.Session![..22];
            await server.Database.WriteAsync(tx =>
            {
                tx.Changed("session", id); // as if it were read for the first time
                return tx.ExecuteAsync($"UPDATE sessions SET {what} WHERE id = @id", new { id });
            });
        }
    }

    [Theory, BothEngines]
    public async Task A_user_has_a_hundred_sessions_and_a_further_one_ends_the_oldest(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var admin = server.Admin;
        var user = await admin.CreateUserAsync([]);
        var first = await admin.BrowserOfAsync(user.Id);
        await server.Database.WriteAsync(async tx =>
        {
            for (var i = 0; i < 99; i++)
            {
                await tx.ExecuteAsync(
                    "INSERT INTO sessions (id, user_id, hash, created_at, last_seen_at, authenticated_at, ends_at) "
                        + "SELECT @id, user_id, hash, created_at, last_seen_at, authenticated_at, ends_at FROM sessions WHERE id = @first",
                    new { id = $"ses_7{i:D21}", first = "ses_" + first.Session![..22] }
                );
            }

            return true;
        });
        (await first.GetAsync("/account/security")).Expect(200);
        (await new Browser(admin.Address).SignInAsync(user.Email)).Expect(303);
        (await first.GetAsync("/account/security")).Expect(303);
    }
}
