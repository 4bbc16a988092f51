using Tokenry.Server.Tests.Contracts;

namespace Tokenry.Server.Tests.Features.SignIn;

public sealed class SignInLinkTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_link_works_once(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var link = await admin.SignInLinkAsync(user.Id);
        var (first, second) = (new Browser(admin.Address), new Browser(admin.Address));
        var fields = await second.HiddenAsync(link, "/sign-in/link");
        (await first.SetPasswordAsync(link, SigningIn.Password)).Expect(303);
        var late = await second.PostAsync(
            "/sign-in/link",
            [.. fields, ("password", "other words than before"), ("again", "other words than before")]
        );
        Assert.Contains("This link does not work", late.Expect(404).Body, StringComparison.Ordinal);
        (await second.GetAsync(link)).Expect(404);
        (await new Browser(admin.Address).SignInAsync(user.Email)).Expect(303);
    }

    [Theory, BothEngines]
    public async Task Opening_a_link_changes_nothing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var link = await admin.SignInLinkAsync(user.Id);
        for (var i = 0; i < 3; i++)
            (await new Browser(admin.Address).GetAsync(link)).Expect(200);
        (await new Browser(admin.Address).SetPasswordAsync(link, SigningIn.Password)).Expect(303);
    }

    [Theory, BothEngines]
    public async Task Of_64_uses_at_once_one_works(Engine engine)
    {
        // Of its own: meanwhile the server refuses every other password as one too many.
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var user = await admin.CreateUserAsync([]);
        var link = await admin.SignInLinkAsync(user.Id);
        var browser = new Browser(admin.Address);
        var fields = await browser.HiddenAsync(link, "/sign-in/link");
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 64)
                .Select(n => $"words of the browser number {n}")
                .Select(password => browser.Copy().PostAsync("/sign-in/link", [.. fields, ("password", password), ("again", password)]))
        );
        Assert.Single(answers, answer => answer.Status == 303);
        Assert.All(answers, answer => Assert.Contains(answer.Status, new[] { 303, 404, 429 }));
        var sessions = await admin.GetAsync($"/v1/users/{user.Id}/sessions").Expect(200);
        Assert.Equal(1, sessions.Json.GetProperty("items").GetArrayLength());
    }

    [Theory, BothEngines]
    public async Task A_newer_link_replaces_the_one_before(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var old = await admin.SignInLinkAsync(user.Id);
        var link = await admin.SignInLinkAsync(user.Id);
        (await new Browser(admin.Address).GetAsync(old)).Expect(404);
        (await new Browser(admin.Address).GetAsync(link)).Expect(200);
    }

    [Theory, BothEngines]
    public async Task An_expired_link_and_one_of_a_disabled_user_do_not_work(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var admin = server.Admin;
        var user = await admin.CreateUserAsync([]);
        var link = await admin.SignInLinkAsync(user.Id);
        var browser = new Browser(admin.Address);
        var fields = await browser.HiddenAsync(link, "/sign-in/link");
        await server.Database.WriteAsync(tx => tx.ExecuteAsync("UPDATE sign_in_links SET expires_at = 1"));
        (await browser.GetAsync(link)).Expect(404);
        var late = await browser.PostAsync("/sign-in/link", [.. fields, ("password", SigningIn.Password), ("again", SigningIn.Password)]);
        late.Expect(404);

        var next = await admin.SignInLinkAsync(user.Id);
        await admin.PostAsync($"/v1/users/{user.Id}/disable").Expect(200);
        (await browser.GetAsync(next)).Expect(404);
        await admin.PostAsync($"/v1/users/{user.Id}/sign-in-links").Expect(409, "user_disabled");
    }

    [Theory, BothEngines]
    public async Task A_password_that_the_rules_refuse_leaves_the_link_as_it_is(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var link = await admin.SignInLinkAsync(user.Id);
        var browser = new Browser(admin.Address);
        foreach (var password in new[] { "too short", "password12345678", user.Email, "aaaaaaaaaaaaaaaaaaaa", new string('x', 2000) })
        {
            var refused = (await browser.SetPasswordAsync(link, password)).Expect(422);
            Assert.Contains("The new password is ", refused.Body, StringComparison.Ordinal);
        }

        var differs = await browser.SubmitAsync(
            link,
            "/sign-in/link",
            [("password", SigningIn.Password), ("again", SigningIn.Password + "x")]
        );
        Assert.Contains("The two passwords are not the same.", differs.Expect(422).Body, StringComparison.Ordinal);
        (await browser.SetPasswordAsync(link, SigningIn.Password)).Expect(303);
    }

    [Theory, BothEngines]
    public async Task Who_makes_a_link_for_a_user_could_make_a_token_for_that_user(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.CreateRoleAsync([
            new { api = "urn:tokenry:management", scopes = new[] { "users:read", "users:write", "credentials:write" } },
        ]);
        var helpDesk = await Actor.CreateAsync(admin, [role.Id], ["users:read", "users:write", "credentials:write"]);
        var administrator = (await Actor.BuiltInRolesAsync(admin))["administrator"].Id;
        var other = await admin.CreateUserAsync([administrator]);
        await helpDesk.Client.PostAsync($"/v1/users/{other.Id}/sign-in-links").Expect(403, "exceeds_own_rights");
        var plain = await admin.CreateUserAsync([]);
        await helpDesk.Client.PostAsync($"/v1/users/{plain.Id}/sign-in-links").Expect(200);
        await helpDesk.Client.PostAsync($"/v1/users/{helpDesk.UserId}/sign-in-links").Expect(403, "exceeds_own_rights");
        await helpDesk.Client.PostAsync($"/v1/users/{Call.UnknownId("usr")}/sign-in-links").Expect(404);
    }

    [Theory, BothEngines]
    public async Task The_host_makes_a_link_for_the_administrator(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var made = (await server.RunAsync("admin", "sign-in")).Expect(0);
        var link = new Uri(made.Output.Trim());
        Assert.Equal(
            ("localhost", new Uri(server.Address).Port, "/sign-in/link"),
            (link.Host, engine == Engine.Sqlite ? link.Port : new Uri(server.Address).Port, link.AbsolutePath)
        );
        Assert.Contains("It works once", made.Error, StringComparison.Ordinal);
        var browser = new Browser(server.Address);
        (await browser.SetPasswordAsync(link.PathAndQuery, SigningIn.Password)).Expect(303);
        (await browser.GetAsync("/account/security")).Expect(200);
        (await new Browser(server.Address).SignInAsync("admin@localhost")).Expect(303);
    }
}
