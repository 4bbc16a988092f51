using System.Text.Json;

namespace Tokenry.Server.Tests.Features.SignIn;

public sealed class SignInTests(SharedServers servers)
{
    private const string Wrong = "The e-mail address or the password is wrong.";

    [Theory, BothEngines]
    public async Task A_new_user_sets_a_password_behind_a_link_and_signs_in_with_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        (await browser.GetAsync("/account/security")).Expect(200);

        (await browser.SubmitAsync("/account/security", "/sign-out", [])).Expect(303);
        Assert.Null(browser.Session);
        var closed = (await browser.GetAsync("/account/security")).Expect(303);
        Assert.Equal("/sign-in?return=%2Faccount%2Fsecurity", closed.Header("Location"));

        var again = (await browser.SignInAsync(user.Email.ToUpperInvariant())).Expect(303);
        Assert.Equal("/overview", again.Header("Location"));
        (await browser.GetAsync("/account/security")).Expect(200);
    }

    [Theory, BothEngines]
    public async Task The_cookie_is_bound_to_this_host_and_closed_to_scripts(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var browser = new Browser(admin.Address);
        await browser.SetPasswordAsync(await admin.SignInLinkAsync(user.Id), SigningIn.Password);
        var line = Assert.Single(browser.LastCookies, cookie => cookie.StartsWith(Browser.SessionCookie + "=", StringComparison.Ordinal));
        Assert.Equal(
            ["httponly", "path=/", "samesite=lax", "secure"],
            line.Split(';', StringSplitOptions.TrimEntries).Skip(1).Select(part => part.ToLowerInvariant()).Order(StringComparer.Ordinal)
        );
    }

    [Theory, BothEngines]
    public async Task The_answer_does_not_tell_who_exists_who_is_disabled_and_who_has_a_password(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var known = await admin.CreateUserAsync([]);
        await admin.BrowserOfAsync(known.Id);
        var disabled = await admin.CreateUserAsync([]);
        await admin.BrowserOfAsync(disabled.Id);
        await admin.PostAsync($"/v1/users/{disabled.Id}/disable").Expect(200);
        var without = await admin.CreateUserAsync([]);
        var bodies = new HashSet<string>(StringComparer.Ordinal);
        foreach (
            var (name, password) in new[]
            {
                (known.Email, "not the password at all"),
                (disabled.Email, SigningIn.Password),
                (without.Email, SigningIn.Password),
                ("unknown-person@example.com", SigningIn.Password),
            }
        )
        {
            var browser = new Browser(admin.Address);
            var refused = (await browser.SignInAsync(name, password)).Expect(422);
            Assert.Contains(Wrong, refused.Body, StringComparison.Ordinal);
            Assert.Null(browser.Session);
            var token = (await browser.HiddenAsync("/sign-in", "/sign-in"))[0].Value;
            bodies.Add(WithoutTokens(refused.Body).Replace(name, "NAME", StringComparison.Ordinal));
            Assert.NotEmpty(token);
        }

        Assert.Single(bodies);
    }

    [Theory, BothEngines]
    public async Task An_id_from_before_a_sign_in_is_worth_nothing_after_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var first = await admin.BrowserOfAsync(user.Id);

        // What an attacker planted is not adopted, and what it replaced ends.
        var planted = new Browser(admin.Address);
        planted.Cookies[Browser.SessionCookie] = "02x5WlL3b6JTW5UUwfUZJ4" + new string('A', 43);
        (await planted.SignInAsync(user.Email)).Expect(303);
        Assert.DoesNotContain("02x5WlL3b6JTW5UUwfUZJ4", planted.Session, StringComparison.Ordinal);

        foreach (
            var (action, fields) in new (string, (string, string)[])[]
            {
                ("/sign-in/confirm", [("password", SigningIn.Password)]),
                ("/account/security/password", [("password", "other words than before"), ("again", "other words than before")]),
            }
        )
        {
            var old = first.Copy();
            var page = action == "/sign-in/confirm" ? action : "/account/security";
            (await first.SubmitAsync(page, action, fields)).Expect(303);
            Assert.NotEqual(old.Session, first.Session);
            (await old.GetAsync("/account/security")).Expect(303);
            (await first.GetAsync("/account/security")).Expect(200);
        }
    }

    [Theory, BothEngines]
    public async Task A_changed_password_ends_other_sessions_and_no_token(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id);
        var here = await admin.BrowserOfAsync(user.Id);
        var elsewhere = new Browser(admin.Address);
        (await elsewhere.SignInAsync(user.Email)).Expect(303);

        const string changed = "other words than before";
        (
            await here.SubmitAsync(
                "/account/security",
                "/account/security/password",
                [("old", SigningIn.Password), ("password", changed), ("again", changed)]
            )
        ).Expect(303);
        (await elsewhere.GetAsync("/account/security")).Expect(303);
        (await here.GetAsync("/account/security")).Expect(200);
        await admin.With(token.Secret).GetAsync("/v1/me").Expect(200);
        (await new Browser(admin.Address).SignInAsync(user.Email)).Expect(422);
        (await new Browser(admin.Address).SignInAsync(user.Email, changed)).Expect(303);
    }

    [Theory, BothEngines]
    public async Task A_wrong_old_password_changes_nothing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        const string changed = "other words than before";
        var refused = await browser.SubmitAsync(
            "/account/security",
            "/account/security/password",
            [("old", "not the password at all"), ("password", changed), ("again", changed)]
        );
        Assert.Contains("The password until now is wrong.", refused.Expect(422).Body, StringComparison.Ordinal);
        (await new Browser(admin.Address).SignInAsync(user.Email)).Expect(303);
    }

    [Theory, BothEngines]
    public async Task A_session_has_the_rights_that_its_user_has_at_that_moment(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        (await browser.GetAsync("/account/security")).Expect(200);
        await admin.PostAsync($"/v1/users/{user.Id}/disable").Expect(200);
        (await browser.GetAsync("/account/security")).Expect(303);
        await admin.PostAsync($"/v1/users/{user.Id}/enable").Expect(200);
        (await browser.GetAsync("/account/security")).Expect(303); // signs in again
        (await browser.SignInAsync(user.Email)).Expect(303);
        await admin.DeleteAsync($"/v1/users/{user.Id}").Expect(204);
        (await browser.GetAsync("/account/security")).Expect(303);
    }

    [Theory, BothEngines]
    public async Task Pages_read_no_bearer_credential_and_the_API_reads_no_cookie(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        (await browser.GetAsync("/v1/me")).Expect(401, "credential_missing");
        (await browser.GetAsync("/v1/me/sessions")).Expect(401, "credential_missing");
        var bearer = new Dictionary<string, string> { ["Authorization"] = "Bearer " + admin.Bearer };
        (await new Browser(admin.Address).GetAsync("/account/security", bearer)).Expect(303);
    }

    [Theory, BothEngines]
    public async Task The_next_page_is_one_of_this_server(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        await admin.BrowserOfAsync(user.Id);
        foreach (
            var (asked, given) in new[]
            {
                ("/account/security?x=1", "/account/security?x=1"),
                ("https://evil.example.com", "/overview"),
                ("//evil.example.com", "/overview"),
                ("/\\evil.example.com", "/overview"),
                ("/\t/evil.example.com", "/overview"),
                ("javascript:alert(1)", "/overview"),
            }
        )
        {
            var browser = new Browser(admin.Address);
            var page = $"/sign-in?return={Uri.EscapeDataString(asked)}";
            var answer = await browser.SubmitAsync(page, "/sign-in", [("name", user.Email), ("password", SigningIn.Password)]);
            Assert.Equal((asked, given), (asked, answer.Expect(303).Header("Location")));
        }
    }

    [Theory, BothEngines]
    public async Task The_audit_names_person_session_and_refusal_and_no_secret(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var user = await admin.CreateUserAsync([]);
        var link = await admin.SignInLinkAsync(user.Id);
        var browser = new Browser(admin.Address);
        (await browser.SetPasswordAsync(link, SigningIn.Password)).Expect(303);
        const string typed = "typed by mistake, perhaps real";
        (await new Browser(admin.Address).SignInAsync(user.Email, typed)).Expect(422);
        var events = (await admin.GetAsync("/v1/audit?limit=50").Expect(200)).Json.GetProperty("items").EnumerateArray().ToList();
        var set = Assert.Single(events, row => row.GetProperty("action").GetString() == "user.password_set");
        Assert.Equal(user.Id, set.GetProperty("actor").GetString());
        var begun = Assert.Single(events, row => row.GetProperty("action").GetString() == "session.created");
        Assert.StartsWith("ses_", begun.GetProperty("target").GetProperty("id").GetString(), StringComparison.Ordinal);

        var code = link.Split("code=")[1];
        var secrets = new[]
        {
            SigningIn.Password,
            typed,
            code,
            browser.Session!,
            browser.Session![22..],
            browser.Cookies["__Host-tokenry-form"],
        };
        await server.StopAsync();
        var everything = string.Join('\n', server.StandardOutput.Concat(server.StandardError)) + JsonSerializer.Serialize(events);
        if (engine == Engine.Sqlite)
        {
            foreach (var file in Directory.EnumerateFiles(server.DataDirectory, "*.db*"))
                everything += System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
        }

        Assert.All(secrets, secret => Assert.DoesNotContain(secret, everything, StringComparison.Ordinal));
    }

    /// <summary>The page without the token of its form, which is new each time.</summary>
    private static string WithoutTokens(string body)
    {
        var parts = body.Split("name=\"form_token\" value=\"");
        return parts[0] + string.Concat(parts.Skip(1).Select(part => part[part.IndexOf('"', StringComparison.Ordinal)..]));
    }
}
