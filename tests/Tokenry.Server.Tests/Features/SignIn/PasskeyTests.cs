using System.Text.Json;
using Tokenry.Server.Tests.Contracts;

namespace Tokenry.Server.Tests.Features.SignIn;

/// <summary>Passkeys as their person uses them, and as an administrator and the host help a person who lost them.</summary>
public sealed class PasskeyTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_person_adds_one_and_signs_in_with_it_alone(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = (await server.AdminAsync()).AtName();
        foreach (var algorithm in new[] { "ES256", "RS256" })
        {
            var user = await admin.CreateUserAsync([]);
            var browser = await admin.BrowserOfAsync(user.Id);
            using var authenticator = new PasskeyAuthenticator(browser.Address, algorithm);
            Assert.Equal("/account/security", (await browser.AddPasskeyAsync(authenticator, " my laptop ")).Expect(303).Header("Location"));
            Assert.Equal(user.Id, authenticator.UserHandle);
            var page = (await browser.GetAsync("/account/security")).Expect(200).Body;
            Assert.Contains("my laptop", page, StringComparison.Ordinal);
            Assert.Equal(1, await CountAsync(admin, user.Id));

            var phone = new Browser(admin.Address);
            var begun = (await phone.SignInAsync(authenticator)).Expect(303);
            Assert.Equal("/overview", begun.Header("Location"));
            (await phone.GetAsync("/account/security")).Expect(200);
            var listed = Assert.Single(await ListAsync(admin, user.Id));
            Assert.Equal(user.Id, listed.GetProperty("user_id").GetString());
            Assert.Equal("my laptop", listed.GetProperty("name").GetString());
            Assert.False(listed.GetProperty("backed_up").GetBoolean());
            Assert.NotEqual(JsonValueKind.Null, listed.GetProperty("last_used_at").ValueKind);
        }

        var events = (await admin.GetAsync("/v1/audit?limit=100").Expect(200)).Json.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(2, events.Count(row => row.GetProperty("action").GetString() == "passkey.added"));
        Assert.Equal(
            2,
            events.Count(row =>
                row.GetProperty("action").GetString() == "session.created" && row.GetProperty("reason").GetString() == "passkey"
            )
        );
    }

    [Theory, BothEngines]
    public async Task It_counts_as_both_factors_at_sign_in_and_to_confirm(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var admin = server.Admin.AtName();
        var user = await admin.CreateUserAsync([]);
        var (browser, authenticator) = await admin.WithPasskeyAsync(user.Id);
        using var _ = authenticator;
        await browser.EnrolAsync();
        var phone = new Browser(admin.Address);
        Assert.Equal("/overview", (await phone.SignInAsync(authenticator)).Expect(303).Header("Location"));

        await AgeAsync(server, phone);
        var aged = phone.Copy();
        foreach (var form in new[] { "/passkeys/remove", "/second-factor/off" })
        {
            var token = await phone.HiddenAsync("/account/security", "/sign-out");
            var refused = await phone.PostAsync($"/account/security{form}", [.. token, ("id", "psk_000000000000000000000A")]);
            Assert.StartsWith("/sign-in/confirm", refused.Expect(303).Header("Location"), StringComparison.Ordinal);
        }

        var own = await phone.HiddenAsync("/account/security", "/sign-out");
        (await phone.PostAsync("/account/security/passkeys/options", own, Json)).Expect(403, "fresh_authentication_required");
        Assert.Contains("confirm first that it is you", (await phone.GetAsync("/account/security")).Body, StringComparison.Ordinal);
        (await phone.ConfirmAsync(authenticator)).Expect(303);
        (await aged.GetAsync("/account/security")).Expect(303); // a new id
        (await phone.SubmitAsync("/account/security", "/account/security/second-factor/off", [])).Expect(303);
    }

    [Theory, BothEngines]
    public async Task A_link_sets_one_in_place_of_a_password(Engine engine)
    {
        var admin = (await servers.AdminAsync(engine)).AtName();
        var user = await admin.CreateUserAsync([]);
        var before = await admin.BrowserOfAsync(user.Id);
        var link = await admin.SignInLinkAsync(user.Id);
        var browser = new Browser(admin.Address);
        using var authenticator = new PasskeyAuthenticator(browser.Address);
        var form = await browser.BeginPasskeyAsync(link, "/sign-in/link/passkey");
        (await browser.SendAsync(form, authenticator.Make(form.Options, new() { Origin = "https://evil.example.com" }))).Expect(422);
        (await browser.GetAsync(link)).Expect(200); // a wrong answer leaves the link
        var answer = authenticator.Make(form.Options);
        Assert.Equal("/overview", (await browser.SendAsync(form, answer)).Expect(303).Header("Location"));
        (await before.GetAsync("/account/security")).Expect(303);
        (await new Browser(admin.Address).SignInAsync(user.Email)).Expect(422); // the password until now
        (await browser.SendAsync(form, answer)).Expect(403); // the form of a browser that was not signed in
        (await new Browser(admin.Address).GetAsync(link)).Expect(404);
        (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(303);

        // The last way in stays, until there is a password.
        var id = Assert.Single(await ListAsync(admin, user.Id)).GetProperty("id").GetString()!;
        var token = await browser.HiddenAsync("/account/security", "/sign-out");
        var refused = (await browser.PostAsync("/account/security/passkeys/remove", [.. token, ("id", id)])).Expect(409);
        Assert.Contains("You have no password", refused.Body, StringComparison.Ordinal);
        const string words = "other words than before";
        (await browser.SubmitAsync("/account/security", "/account/security/password", [("password", words), ("again", words)])).Expect(303);
        token = await browser.HiddenAsync("/account/security", "/sign-out");
        (await browser.PostAsync("/account/security/passkeys/remove", [.. token, ("id", id)])).Expect(303);
        Assert.Empty(await ListAsync(admin, user.Id));
        (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(422);
    }

    [Theory, BothEngines]
    public async Task A_link_sets_none_where_it_would_pass_by_a_second_factor(Engine engine)
    {
        var admin = (await servers.AdminAsync(engine)).AtName();
        var user = await admin.CreateUserAsync([]);
        await (await admin.BrowserOfAsync(user.Id)).EnrolAsync();
        var link = await admin.SignInLinkAsync(user.Id);
        var browser = new Browser(admin.Address);
        Assert.DoesNotContain("/sign-in/link/passkey", (await browser.GetAsync(link)).Expect(200).Body, StringComparison.Ordinal);
        var fields = await browser.HiddenAsync(link, "/sign-in/link");
        (await browser.PostAsync("/sign-in/link/passkey/options", fields, Json)).Expect(404);

        var made = await admin.PostAsync($"/v1/users/{user.Id}/sign-in-links?reset_second_factor=true").Expect(200);
        using var authenticator = new PasskeyAuthenticator(browser.Address);
        var form = await browser.BeginPasskeyAsync(new Uri(made.Text("url")).PathAndQuery, "/sign-in/link/passkey");
        (await browser.SendAsync(form, authenticator.Make(form.Options))).Expect(303);
        var shown = (await admin.GetAsync($"/v1/users/{user.Id}").Expect(200)).Json;
        Assert.False(shown.GetProperty("second_factor").GetBoolean());
        Assert.Equal(1, shown.GetProperty("passkeys").GetInt64());
    }

    [Theory, BothEngines]
    public async Task The_host_still_makes_a_link_and_the_start_prints_none_once_there_is_a_passkey(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var browser = new Browser(Passkeys.Named(server.Address));
        using var authenticator = new PasskeyAuthenticator(browser.Address);
        var link = new Uri((await server.RunAsync("admin", "sign-in")).Expect(0).Output.Trim());
        var form = await browser.BeginPasskeyAsync(link.PathAndQuery, "/sign-in/link/passkey");
        (await browser.SendAsync(form, authenticator.Make(form.Options))).Expect(303);
        await server.RestartAsync();
        (await new Browser(browser.Address).SignInAsync(authenticator)).Expect(303);
        var again = new Uri((await server.RunAsync("admin", "sign-in")).Expect(0).Output.Trim());
        (await new Browser(browser.Address).SetPasswordAsync(again.PathAndQuery, SigningIn.Password)).Expect(303);
        (await new Browser(browser.Address).SignInAsync(authenticator)).Expect(303); // the link leaves it
    }

    [Theory, BothEngines]
    public async Task A_person_renames_and_removes_their_own_only(Engine engine)
    {
        var admin = (await servers.AdminAsync(engine)).AtName();
        var (ada, bob) = (await admin.CreateUserAsync([]), await admin.CreateUserAsync([]));
        var (ofAda, authenticator) = await admin.WithPasskeyAsync(ada.Id);
        using var _ = authenticator;
        var ofBob = await admin.BrowserOfAsync(bob.Id);
        var id = Assert.Single(await ListAsync(admin, ada.Id)).GetProperty("id").GetString()!;
        foreach (var change in new[] { "rename", "remove" })
        {
            var foreign = await ofBob.HiddenAsync("/account/security", "/sign-out");
            (await ofBob.PostAsync($"/account/security/passkeys/{change}", [.. foreign, ("id", id), ("name", "mine now")])).Expect(404);
        }

        var token = await ofAda.HiddenAsync("/account/security", "/sign-out");
        var empty = await ofAda.PostAsync("/account/security/passkeys/rename", [.. token, ("id", id), ("name", " ")]);
        Assert.Contains("The name of the passkey must not be empty.", empty.Expect(422).Body, StringComparison.Ordinal);
        (await ofAda.PostAsync("/account/security/passkeys/rename", [.. token, ("id", id), ("name", "desk")])).Expect(303);
        Assert.Equal("desk", Assert.Single(await ListAsync(admin, ada.Id)).GetProperty("name").GetString());
        (await ofAda.PostAsync("/account/security/passkeys/remove", [.. token, ("id", id)])).Expect(303);
        Assert.Equal(0, await CountAsync(admin, ada.Id));
        Assert.Equal(
            ["passkey.added", "passkey.removed", "passkey.renamed"],
            (await admin.GetAsync($"/v1/audit?action=passkey.*&target={ada.Id}").Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Select(row => row.GetProperty("action").GetString()!)
                .Order(StringComparer.Ordinal)
        );
    }

    [Theory, BothEngines]
    public async Task An_administrator_lists_and_removes_them_who_could_make_a_link(Engine engine)
    {
        var admin = (await servers.AdminAsync(engine)).AtName();
        var user = await admin.CreateUserAsync([]);
        var (_, authenticator) = await admin.WithPasskeyAsync(user.Id);
        using var held = authenticator;
        var role = await admin.CreateRoleAsync([
            new { api = "urn:tokenry:management", scopes = new[] { "users:read", "users:write", "credentials:write" } },
        ]);
        var helpDesk = await Actor.CreateAsync(admin, [role.Id], ["users:read", "users:write", "credentials:write"]);
        var administrator = (await Actor.BuiltInRolesAsync(admin))["administrator"].Id;
        var boss = await admin.CreateUserAsync([administrator]);
        var (ofBoss, bossKey) = await admin.WithPasskeyAsync(boss.Id);
        using var bossHeld = bossKey;
        Assert.Single(await ListAsync(helpDesk.Client, boss.Id));
        await helpDesk.Client.DeleteAsync($"/v1/users/{boss.Id}/passkeys").Expect(403, "exceeds_own_rights");
        await helpDesk.Client.DeleteAsync($"/v1/users/{helpDesk.UserId}/passkeys").Expect(403, "exceeds_own_rights");
        await helpDesk.Client.DeleteAsync($"/v1/users/{Call.UnknownId("usr")}/passkeys").Expect(404);
        await helpDesk.Client.GetAsync($"/v1/users/{Call.UnknownId("usr")}/passkeys").Expect(404);
        for (var i = 0; i < 2; i++)
            await helpDesk.Client.DeleteAsync($"/v1/users/{user.Id}/passkeys").Expect(204);
        (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(422);
        var events = (await admin.GetAsync($"/v1/audit?action=passkeys.removed&target={user.Id}").Expect(200)).Json.GetProperty("items");
        Assert.Equal(helpDesk.UserId, Assert.Single(events.EnumerateArray()).GetProperty("actor").GetString());

        var other = await admin.CreateUserAsync([]);
        var (_, otherKey) = await admin.WithPasskeyAsync(other.Id);
        using var otherHeld = otherKey;
        var token = await ofBoss.HiddenAsync($"/users/{other.Id}", $"users/{other.Id}/passkeys/remove");
        (await ofBoss.PostAsync($"/users/{other.Id}/passkeys/remove", token)).Expect(303);
        Assert.Equal(0, await CountAsync(admin, other.Id));
    }

    [Theory, BothEngines]
    public async Task On_a_bare_address_they_are_not_offered_and_the_page_says_why(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        foreach (var (page, who) in new[] { ("/sign-in", new Browser(admin.Address)), ("/account/security", browser) })
        {
            var body = (await who.GetAsync(page)).Expect(200).Body;
            Assert.DoesNotContain("data-passkey", body, StringComparison.Ordinal);
            Assert.Contains($"<a href=\"{Passkeys.Named(admin.Address)}/sign-in\">", body, StringComparison.Ordinal);
        }

        Assert.Contains(
            "autocomplete=\"username webauthn\"",
            (await new Browser(Passkeys.Named(admin.Address)).GetAsync("/sign-in")).Body,
            StringComparison.Ordinal
        );
        var bare = await servers.GetAsync(engine, ("Tokenry:AllowedHosts:0", "127.0.0.1"));
        var shown = (await new Browser(bare.Address).GetAsync("/sign-in")).Expect(200).Body;
        Assert.Contains("they need a host name, and the address of this server is an IP address", shown, StringComparison.Ordinal);
        var hidden = await new Browser(bare.Address).HiddenAsync("/sign-in", "/sign-in");
        Assert.DoesNotContain("webauthn", shown, StringComparison.Ordinal);
        Assert.NotEmpty(hidden);
    }

    internal static async Task<IReadOnlyList<JsonElement>> ListAsync(ApiClient admin, string userId) =>
        [.. (await admin.GetAsync($"/v1/users/{userId}/passkeys").Expect(200)).Json.GetProperty("items").EnumerateArray()];

    internal static async Task<long> CountAsync(ApiClient admin, string userId) =>
        (await admin.GetAsync($"/v1/users/{userId}").Expect(200)).Json.GetProperty("passkeys").GetInt64();

    internal static readonly Dictionary<string, string> Json = new() { ["Accept"] = "application/json" };

    /// <summary>Lets the proof of the session in a browser become old.</summary>
    internal static Task AgeAsync(InProcessServer server, Browser browser) =>
        server.Database.WriteAsync(tx =>
        {
            var id = "ses_" + browser.Session![..22];
            tx.Changed("session", id);
            return tx.ExecuteAsync("UPDATE sessions SET authenticated_at = authenticated_at - 600000 WHERE id = @id", new { id });
        });
}
