using System.Text.Json.Nodes;
using Tokenry.Server.Tests.Contracts;

namespace Tokenry.Server.Tests.Features.SignIn;

/// <summary>Sign-in by an outside OpenID Connect provider: what its person does, and what an attacker tries.</summary>
public sealed class ProviderTests
{
    [Theory, BothEngines]
    public async Task A_person_links_an_account_and_signs_in_with_it(Engine engine)
    {
        using var provider = new OutsideProvider { Claims = new JsonObject { ["email"] = "ada@corp.example" } };
        await using var server = await ServerProcess.StartAsync(engine, new ServerOptions { Settings = provider.Settings() });
        var admin = (await server.AdminAsync()).AtName();
        var (ada, bob) = (await admin.CreateUserAsync([]), await admin.CreateUserAsync([]));
        var unknown = new Browser(admin.Address);
        Assert.Contains("Sign in with Corp", (await unknown.GetAsync("/sign-in")).Body, StringComparison.Ordinal);
        var refused = (await provider.WalkAsync(unknown, "account-1")).Expect(422);
        Assert.Contains("No user of this server has this account.", refused.Body, StringComparison.Ordinal);
        Assert.Null(unknown.Session);

        var browser = await admin.BrowserOfAsync(ada.Id);
        var offered = (await provider.WalkAsync(browser, "account-1", start: "/account/security/accounts/add/corp")).Expect(200);
        Assert.Contains("ada@corp.example", offered.Body, StringComparison.Ordinal);
        var account = Hidden(offered.Body, "account");
        var token = await browser.HiddenAsync("/account/security", "/sign-out");

        // The proof is of one session: another person cannot link the account to theirs.
        var ofBob = await admin.BrowserOfAsync(bob.Id);
        var bobs = await ofBob.HiddenAsync("/account/security", "/sign-out");
        (await ofBob.PostAsync("/account/security/accounts", [.. bobs, ("account", account)])).Expect(422);
        (await browser.PostAsync("/account/security/accounts", [.. token, ("account", account)])).Expect(303);
        Assert.Contains("ada@corp.example", (await browser.GetAsync("/account/security")).Body, StringComparison.Ordinal);

        var phone = new Browser(admin.Address);
        Assert.Equal("/account/security", (await provider.WalkAsync(phone, "account-1")).Expect(303).Header("Location"));
        (await phone.GetAsync("/account/security")).Expect(200);
        (await provider.WalkAsync(new Browser(admin.Address), "account-2")).Expect(422);

        // An account belongs to one user.
        offered = (await provider.WalkAsync(ofBob, "account-1", start: "/account/security/accounts/add/corp")).Expect(200);
        bobs = await ofBob.HiddenAsync("/account/security", "/sign-out");
        var taken = await ofBob.PostAsync("/account/security/accounts", [.. bobs, ("account", Hidden(offered.Body, "account"))]);
        Assert.Contains("belongs to a user of this server already", taken.Expect(409).Body, StringComparison.Ordinal);

        await admin.PostAsync($"/v1/users/{ada.Id}/disable").Expect(200);
        (await provider.WalkAsync(new Browser(admin.Address), "account-1")).Expect(422);
        await admin.PostAsync($"/v1/users/{ada.Id}/enable").Expect(200);
        browser = await admin.BrowserOfAsync(ada.Id);
        var page = (await browser.GetAsync("/account/security")).Body;
        var id = page.Split("id=\"lac_")[1].Split('"')[0];
        token = await browser.HiddenAsync("/account/security", "/sign-out");
        (await ofBob.PostAsync("/account/security/accounts/remove", [.. bobs, ("id", "lac_" + id)])).Expect(404);
        (await browser.PostAsync("/account/security/accounts/remove", [.. token, ("id", "lac_" + id)])).Expect(303);
        (await provider.WalkAsync(new Browser(admin.Address), "account-1")).Expect(422);
        var actions = (await admin.GetAsync($"/v1/audit?action=linked_account.*&target={ada.Id}").Expect(200))
            .Json.GetProperty("items")
            .EnumerateArray()
            .Select(row => row.GetProperty("action").GetString()!);
        Assert.Equal(["linked_account.added", "linked_account.removed"], actions.Order(StringComparer.Ordinal));
    }

    [Theory, BothEngines]
    public async Task A_first_sign_in_creates_a_user_with_roles_and_organizations_if_the_operator_wants_it(Engine engine)
    {
        await using var prepared = await ServerProcess.StartAsync(engine);
        var organization = (await (await prepared.AdminAsync()).PostAsync("/v1/organizations", new { name = "Acme" }).Expect(201)).Text(
            "id"
        );
        await prepared.StopAsync();
        using var provider = new OutsideProvider
        {
            Claims = new JsonObject
            {
                ["email"] = "Ada@Corp.example",
                ["name"] = "Ada Lovelace",
                ["groups"] = new JsonArray("admins", "acme", "unknown"),
            },
        };
        await using var server = await ServerProcess.StartAsync(
            engine,
            new ServerOptions
            {
                DataDirectory = prepared.DataDirectory,
                ConnectionString = prepared.ConnectionString,
                Settings = provider.Settings(
                    ("FirstSignIn", "create"),
                    ("Roles", "auditor"),
                    ("ClaimRoles:admins", "administrator"),
                    ("ClaimRoles:others", "operator"),
                    ("ClaimOrganizations:acme", organization)
                ),
            }
        );
        var admin = (await server.AdminAsync()).AtName();
        var browser = new Browser(admin.Address);
        (await provider.WalkAsync(browser, "account-1")).Expect(303);
        (await browser.GetAsync("/account/security")).Expect(200);
        var user = (await admin.GetAsync("/v1/users?email=ada%40corp.example").Expect(200)).Json.GetProperty("items")[0];
        Assert.Equal("Ada Lovelace", user.GetProperty("name").GetString());
        var builtIn = await Actor.BuiltInRolesAsync(admin);
        Assert.Equal(
            new[] { builtIn["administrator"].Id, builtIn["auditor"].Id }.Order(StringComparer.Ordinal),
            user.GetProperty("roles").EnumerateArray().Select(role => role.GetString()!).Order(StringComparer.Ordinal)
        );
        var id = user.GetProperty("id").GetString();
        await admin.GetAsync($"/v1/organizations/{organization}/members/{id}").Expect(200);

        // The same account is the same user, whatever its address now; another account with the address is none.
        provider.Claims["email"] = "other@corp.example";
        (await provider.WalkAsync(new Browser(admin.Address), "account-1")).Expect(303);
        provider.Claims["email"] = "ada@corp.example";
        var taken = await provider.WalkAsync(new Browser(admin.Address), "account-2");
        Assert.Contains("A user with the e-mail address of this account exists.", taken.Expect(409).Body, StringComparison.Ordinal);

        // Without a password the last way in stays.
        var page = (await browser.GetAsync("/account/security")).Body;
        var token = await browser.HiddenAsync("/account/security", "/sign-out");
        var account = "lac_" + page.Split("id=\"lac_")[1].Split('"')[0];
        (await browser.PostAsync("/account/security/accounts/remove", [.. token, ("id", account)])).Expect(409);
    }

    [Theory, BothEngines]
    public async Task An_administrator_links_and_removes_an_account_who_could_make_a_link(Engine engine)
    {
        using var provider = new OutsideProvider();
        await using var server = await ServerProcess.StartAsync(engine, new ServerOptions { Settings = provider.Settings() });
        var admin = (await server.AdminAsync()).AtName();
        var user = await admin.CreateUserAsync([]);
        var role = await admin.CreateRoleAsync([
            new { api = "urn:tokenry:management", scopes = new[] { "users:read", "users:write", "credentials:write" } },
        ]);
        var helpDesk = await Actor.CreateAsync(admin, [role.Id], ["users:read", "users:write", "credentials:write"]);
        var boss = await admin.CreateUserAsync([(await Actor.BuiltInRolesAsync(admin))["administrator"].Id]);
        var account = new { issuer = provider.Address, subject = "account-1" };
        foreach (var other in new[] { boss.Id, helpDesk.UserId })
        {
            await helpDesk.Client.PostAsync($"/v1/users/{other}/linked-accounts", account).Expect(403, "exceeds_own_rights");
            await helpDesk.Client.DeleteAsync($"/v1/users/{other}/linked-accounts").Expect(403, "exceeds_own_rights");
        }

        await helpDesk.Client.PostAsync($"/v1/users/{user.Id}/linked-accounts", new { issuer = "", subject = "x" }).Expect(400);
        var made = await helpDesk.Client.PostAsync($"/v1/users/{user.Id}/linked-accounts", account).Expect(200);
        Assert.Equal((user.Id, "account-1"), (made.Text("user_id"), made.Text("subject")));
        await admin.PostAsync($"/v1/users/{boss.Id}/linked-accounts", account).Expect(409, "already_exists");
        (await provider.WalkAsync(new Browser(admin.Address), "account-1")).Expect(303);
        var listed = (await helpDesk.Client.GetAsync($"/v1/users/{user.Id}/linked-accounts").Expect(200)).Json.GetProperty("items");
        Assert.NotEqual(System.Text.Json.JsonValueKind.Null, Assert.Single(listed.EnumerateArray()).GetProperty("last_used_at").ValueKind);
        for (var i = 0; i < 2; i++)
            await helpDesk.Client.DeleteAsync($"/v1/users/{user.Id}/linked-accounts").Expect(204);
        (await provider.WalkAsync(new Browser(admin.Address), "account-1")).Expect(422);
    }

    [Theory, BothEngines]
    public async Task A_wrong_answer_of_a_provider_opens_nothing(Engine engine)
    {
        using var provider = new OutsideProvider();
        using var other = new OutsideProvider();
        await using var server = await ServerProcess.StartAsync(
            engine,
            new ServerOptions { Settings = provider.Settings(("FirstSignIn", "create")) }
        );
        var admin = (await server.AdminAsync()).AtName();
        (string Why, Action<JsonObject, JsonObject> Change)[] wrong =
        [
            ("nonce", (_, claims) => claims["nonce"] = "another"),
            ("no nonce", (_, claims) => claims.Remove("nonce")),
            ("audience", (_, claims) => claims["aud"] = "another"),
            ("issuer", (_, claims) => claims["iss"] = other.Address),
            ("expired", (_, claims) => claims["exp"] = 1_700_000_000),
            ("party", (_, claims) => claims["azp"] = "another"),
            ("several audiences", (_, claims) => claims["aud"] = new JsonArray(OutsideProvider.ClientId, "another")),
            ("key", (header, _) => header["kid"] = "unknown"),
            ("none", (header, _) => header["alg"] = "none"),
            ("type", (header, _) => header["typ"] = "at+jwt"),
            ("no subject", (_, claims) => claims.Remove("sub")),
            ("subject with a star", (_, claims) => claims["sub"] = "*"),
        ];
        foreach (var (why, change) in wrong)
        {
            var answer = await provider.WalkAsync(new Browser(admin.Address), "account-1", change);
            Assert.True(answer.Status == 422, $"{why}: {answer.Status}");
        }

        // State: of one browser, once, of one provider.
        var (mine, thief) = (new Browser(admin.Address), new Browser(admin.Address));
        var back = await provider.ReturnOfAsync(mine, "account-1");
        (await thief.GetAsync(back)).Expect(422);
        Assert.Null(thief.Session);
        await provider.ReturnOfAsync(thief, "account-1");
        (await thief.GetAsync(back)).Expect(422); // the victim's code in the attacker's sign-in
        var kept = mine.Copy();
        (await mine.GetAsync(back.Replace("state=", "state=x", StringComparison.Ordinal))).Expect(422);
        (await mine.GetAsync(back)).Expect(422); // the cookie is gone
        var iss = Uri.EscapeDataString(provider.Address);
        (await kept.Copy().GetAsync(back.Replace(iss, Uri.EscapeDataString(other.Address), StringComparison.Ordinal))).Expect(422);
        (await kept.Copy().GetAsync(back.Split("&state")[0])).Expect(422);
        (await kept.Copy().GetAsync(back)).Expect(303);
        (await kept.Copy().GetAsync(back)).Expect(422);
        (await new Browser(admin.Address).GetAsync("/sign-in/with/unknown")).Expect(404);
        var far = (await new Browser(admin.Address).GetAsync("/sign-in/with/corp?return=https://evil.example.com")).Expect(303);
        Assert.StartsWith(provider.Address, far.Header("Location"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Oidc_provider_signs_people_in()
    {
        var issuer = $"http://127.0.0.1:{FreePort.Next()}";
        using var scripted = new OutsideProvider();
        await using var server = await ServerProcess.StartAsync(
            Engine.Sqlite,
            new ServerOptions
            {
                Settings = scripted.Settings(("Issuer", issuer), ("FirstSignIn", "create"), ("ClaimRoles:developers", "auditor")),
            }
        );
        var admin = (await server.AdminAsync()).AtName();
        await PeerScripts.RunAsync(
            "outside-provider.mjs",
            new Dictionary<string, string>
            {
                ["PROVIDER_ADDRESS"] = issuer,
                ["TOKENRY_ADDRESS"] = admin.Address,
                ["CLIENT_ID"] = OutsideProvider.ClientId,
                ["CLIENT_SECRET"] = OutsideProvider.ClientSecret,
            }
        );
        var user = (await admin.GetAsync("/v1/users?email=ada%40corp.example").Expect(200)).Json.GetProperty("items")[0];
        Assert.Equal((await Actor.BuiltInRolesAsync(admin))["auditor"].Id, user.GetProperty("roles")[0].GetString());
    }

    private static string Hidden(string page, string name) => page.Split($"name=\"{name}\" value=\"")[1].Split('"')[0];
}
