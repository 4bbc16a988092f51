using System.Text.Json;
using Tokenry.Server.Tests.Contracts;

namespace Tokenry.Server.Tests.Features.SignIn;

/// <summary>The second factor as its person uses it, and as an administrator and the host help a person who lost it.</summary>
public sealed class SecondFactorTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_person_turns_it_on_and_signs_in_with_a_code_after_the_password(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var user = await admin.CreateUserAsync([]);
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id);
        Assert.False(await HasAsync(admin, user.Id));
        var browser = await admin.BrowserOfAsync(user.Id);
        var elsewhere = new Browser(admin.Address);
        (await elsewhere.SignInAsync(user.Email)).Expect(303);
        var factor = await browser.EnrolAsync();
        Assert.Equal(10, factor.RecoveryCodes.Distinct(StringComparer.Ordinal).Count());
        Assert.True(await HasAsync(admin, user.Id));
        Assert.Contains("10 recovery codes are left.", (await browser.GetAsync("/account/security")).Body, StringComparison.Ordinal);
        (await elsewhere.GetAsync("/account/security")).Expect(303); // begun with the password alone
        await admin.With(token.Secret).GetAsync("/v1/me").Expect(200);

        var phone = new Browser(admin.Address);
        var asked = (await phone.SignInAsync(user.Email)).Expect(303);
        Assert.StartsWith("/sign-in/code?return=", asked.Header("Location"), StringComparison.Ordinal);
        var line = Assert.Single(phone.LastCookies, cookie => cookie.StartsWith("__Host-tokenry-code=", StringComparison.Ordinal));
        Assert.Equal(
            ["httponly", "path=/", "samesite=lax", "secure"],
            line.Split(';', StringSplitOptions.TrimEntries).Skip(1).Select(part => part.ToLowerInvariant()).Order(StringComparer.Ordinal)
        );
        Assert.Null(phone.Session);
        (await phone.GetAsync("/account/security")).Expect(303);
        Assert.Contains(
            "The code is wrong",
            (await phone.EnterCodeAsync(factor.App.WrongCode())).Expect(422).Body,
            StringComparison.Ordinal
        );
        var code = factor.App.Code(1);
        Assert.Equal("/overview", (await phone.EnterCodeAsync($" {code[..3]} {code[3..]} ")).Expect(303).Header("Location"));
        (await phone.GetAsync("/account/security")).Expect(200);
        Assert.DoesNotContain("__Host-tokenry-code", phone.Cookies.Keys);

        var actions = (await admin.GetAsync("/v1/audit?limit=100").Expect(200))
            .Json.GetProperty("items")
            .EnumerateArray()
            .Select(row => row.GetProperty("action").GetString()!)
            .ToHashSet(StringComparer.Ordinal);
        Assert.Superset(
            new HashSet<string> { "second_factor.enrolment_started", "second_factor.enabled", "sign_in.password_accepted" },
            actions
        );
    }

    [Theory, BothEngines]
    public async Task A_recovery_code_works_once_in_place_of_the_app(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var first = await admin.BrowserOfAsync(user.Id);
        var factor = await first.EnrolAsync();
        var code = factor.RecoveryCodes[3];
        foreach (var (typed, status) in new[] { (code.ToUpperInvariant().Replace("-", " ", StringComparison.Ordinal), 303), (code, 422) })
        {
            var browser = new Browser(admin.Address);
            (await browser.SignInAsync(user.Email)).Expect(303);
            (await browser.EnterCodeAsync(typed)).Expect(status);
        }

        Assert.Contains("9 recovery codes are left.", (await first.GetAsync("/account/security")).Body, StringComparison.Ordinal);
        var renewed = (await first.SubmitAsync("/account/security", "/account/security/second-factor/recovery-codes", [])).Expect(200);
        Assert.DoesNotContain(factor.RecoveryCodes, old => renewed.Body.Contains(old, StringComparison.Ordinal));
        var late = new Browser(admin.Address);
        (await late.SignInAsync(user.Email)).Expect(303);
        (await late.EnterCodeAsync(factor.RecoveryCodes[0])).Expect(422);
    }

    [Theory, BothEngines]
    public async Task Turned_off_the_password_is_enough_again(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        await browser.EnrolAsync();
        (await browser.SubmitAsync("/account/security", "/account/security/second-factor/off", [])).Expect(303);
        Assert.False(await HasAsync(admin, user.Id));
        (await new Browser(admin.Address).SignInAsync(user.Email)).Expect(303);
        var again = new Browser(admin.Address);
        Assert.Equal("/overview", (await again.SignInAsync(user.Email)).Header("Location"));
    }

    [Theory, BothEngines]
    public async Task A_link_leaves_it_on_unless_it_was_made_to_remove_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var factor = await (await admin.BrowserOfAsync(user.Id)).EnrolAsync();
        const string changed = "other words than before";
        var plain = await admin.SignInLinkAsync(user.Id);
        var browser = new Browser(admin.Address);
        Assert.Contains("Your second factor stays on.", (await browser.GetAsync(plain)).Body, StringComparison.Ordinal);
        var set = (await browser.SetPasswordAsync(plain, changed)).Expect(303);
        Assert.StartsWith("/sign-in/code", set.Header("Location"), StringComparison.Ordinal);
        Assert.Null(browser.Session);
        (await browser.EnterCodeAsync(factor.App.Code(1))).Expect(303);
        (await browser.GetAsync("/account/security")).Expect(200);

        var made = await admin.PostAsync($"/v1/users/{user.Id}/sign-in-links?reset_second_factor=true").Expect(200);
        Assert.True(made.Json.GetProperty("resets_second_factor").GetBoolean());
        Assert.True(await HasAsync(admin, user.Id)); // the use of the link removes it, not the making
        var link = new Uri(made.Text("url")).PathAndQuery;
        var other = new Browser(admin.Address);
        Assert.Contains("also turns off your second factor", (await other.GetAsync(link)).Body, StringComparison.Ordinal);
        (await other.SetPasswordAsync(link, SigningIn.Password)).Expect(303);
        (await other.GetAsync("/account/security")).Expect(200);
        Assert.False(await HasAsync(admin, user.Id));
        await admin.PostAsync($"/v1/users/{user.Id}/sign-in-links?reset_second_factor=perhaps").Expect(400, "invalid_request");
    }

    [Theory, BothEngines]
    public async Task The_host_turns_it_off_for_the_first_administrator(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var link = new Uri((await server.RunAsync("admin", "sign-in")).Expect(0).Output.Trim());
        var browser = new Browser(server.Address);
        (await browser.SetPasswordAsync(link.PathAndQuery, SigningIn.Password)).Expect(303);
        await browser.EnrolAsync();
        var lost = (await server.RunAsync("admin", "sign-in")).Expect(0);
        Assert.Contains("second factor", lost.Error, StringComparison.Ordinal);
        var next = new Browser(server.Address);
        (await next.SetPasswordAsync(new Uri(lost.Output.Trim()).PathAndQuery, SigningIn.Password)).Expect(303);
        (await next.GetAsync("/account/security")).Expect(200);
        Assert.Equal("/overview", (await new Browser(server.Address).SignInAsync("admin@localhost")).Header("Location"));
    }

    [Theory, BothEngines]
    public async Task An_administrator_removes_it_who_could_make_a_link(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        await (await admin.BrowserOfAsync(user.Id)).EnrolAsync();
        var listed = (await admin.GetAsync($"/v1/users?email={Uri.EscapeDataString(user.Email)}").Expect(200)).Json.GetProperty("items")[0];
        Assert.True(listed.GetProperty("second_factor").GetBoolean());

        var role = await admin.CreateRoleAsync([
            new { api = "urn:tokenry:management", scopes = new[] { "users:read", "users:write", "credentials:write" } },
        ]);
        var helpDesk = await Actor.CreateAsync(admin, [role.Id], ["users:read", "users:write", "credentials:write"]);
        var administrator = (await Actor.BuiltInRolesAsync(admin))["administrator"].Id;
        var boss = await admin.CreateUserAsync([administrator]);
        await (await admin.BrowserOfAsync(boss.Id)).EnrolAsync();
        await helpDesk.Client.DeleteAsync($"/v1/users/{boss.Id}/second-factor").Expect(403, "exceeds_own_rights");
        await helpDesk.Client.PostAsync($"/v1/users/{boss.Id}/sign-in-links?reset_second_factor=true").Expect(403, "exceeds_own_rights");
        Assert.True(await HasAsync(admin, boss.Id));
        await helpDesk.Client.DeleteAsync($"/v1/users/{helpDesk.UserId}/second-factor").Expect(403, "exceeds_own_rights");
        await helpDesk.Client.DeleteAsync($"/v1/users/{Call.UnknownId("usr")}/second-factor").Expect(404);
        for (var i = 0; i < 2; i++)
            await helpDesk.Client.DeleteAsync($"/v1/users/{user.Id}/second-factor").Expect(204);
        Assert.Equal("/overview", (await new Browser(admin.Address).SignInAsync(user.Email)).Header("Location"));
        var events = (await admin.GetAsync($"/v1/audit?action=second_factor.removed&target={user.Id}").Expect(200)).Json.GetProperty(
            "items"
        );
        Assert.Equal(helpDesk.UserId, Assert.Single(events.EnumerateArray()).GetProperty("actor").GetString());
    }

    [Theory, BothEngines]
    public async Task An_administrator_sees_and_removes_it_on_the_page_of_the_user(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        await (await admin.BrowserOfAsync(user.Id)).EnrolAsync();
        var boss = await admin.CreateUserAsync([(await Actor.BuiltInRolesAsync(admin))["administrator"].Id]);
        var browser = await admin.BrowserOfAsync(boss.Id);
        var token = await browser.HiddenAsync($"/users/{user.Id}", $"users/{user.Id}/second-factor/remove");
        (await browser.PostAsync($"/users/{user.Id}/second-factor/remove", token)).Expect(303);
        Assert.False(await HasAsync(admin, user.Id));
        var stranger = await admin.BrowserOfAsync((await admin.CreateUserAsync([])).Id);
        var own = await stranger.HiddenAsync("/account/security", "/sign-out");
        (await stranger.PostAsync($"/users/{boss.Id}/second-factor/remove", own)).Expect(403);
    }

    [Theory, BothEngines]
    public async Task Neither_the_key_nor_a_recovery_code_is_kept_in_clear_and_a_rotation_of_keys_seals_it_again(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        var shown = (await browser.SubmitAsync("/account/security", "/account/security/second-factor", [])).Expect(200).Body;
        var key = shown.Split("<code id=\"key\" tabindex=\"0\">")[1].Split('<')[0];
        Assert.Contains("<svg class=\"qr\"", shown, StringComparison.Ordinal);
        var app = new AuthenticatorApp(key);
        var confirmed = (await browser.ConfirmEnrolmentAsync(app.Code())).Expect(200).Body;
        var codes = System.Net.WebUtility.HtmlDecode(confirmed.Split("<code id=\"codes\">")[1].Split('<')[0]).Split('\n');
        Assert.Equal(10, codes.Length);
        if (engine == Engine.Postgres)
            (await server.RunAsync("admin", "rotate-keys", "prepare", "--kek")).Expect(0);
        var rotated = (
            await (
                engine == Engine.Postgres
                    ? server.RunAsync("admin", "rotate-keys", "activate", "--kek")
                    : server.RunAsync("admin", "rotate-keys", "--kek")
            )
        ).Expect(0);
        Assert.Contains("1 of 1 second factors are sealed again.", rotated.Error, StringComparison.Ordinal);
        await server.RestartAsync();
        var next = new Browser(server.Address);
        (await next.SignInAsync(user.Email)).Expect(303);
        (await next.EnterCodeAsync(app.Code(1))).Expect(303);

        var events = (await admin.At(server.Address).GetAsync("/v1/audit?limit=100").Expect(200)).Body;
        await server.StopAsync();
        var everything = string.Join('\n', server.StandardOutput.Concat(server.StandardError)) + JsonSerializer.Serialize(events);
        if (engine == Engine.Sqlite)
        {
            foreach (var file in Directory.EnumerateFiles(server.DataDirectory, "*.db*"))
                everything += System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
        }

        Assert.All(
            codes
                .Concat(codes.Select(code => code.Replace("-", "", StringComparison.Ordinal)))
                .Append(key)
                .Append(key.Replace(" ", "", StringComparison.Ordinal)),
            secret => Assert.DoesNotContain(secret, everything, StringComparison.OrdinalIgnoreCase)
        );
    }

    private static async Task<bool> HasAsync(ApiClient admin, string userId) =>
        (await admin.GetAsync($"/v1/users/{userId}").Expect(200)).Json.GetProperty("second_factor").GetBoolean();
}
