using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Policies;

/// <summary>Invitations: who makes them, who accepts them, how often, and what ends them.</summary>
public sealed class InvitationTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task An_invitation_is_shown_once_listed_and_revoked(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var made = await admin.InviteAsync(id, new { note = " Ada ", email = "ADA@example.com" }).Expect(201);
        Assert.Equal($"/v1/organizations/{id}/invitations/{made.Text("id")}", made.Header("Location"));
        Assert.Equal(("Ada", "ada@example.com", "pending"), (made.Text("note"), made.Text("email"), made.Text("state")));
        Assert.Equal([OrganizationMember], Strings(made.Json.GetProperty("roles")));
        Assert.InRange(made.Time("expires_at") - DateTimeOffset.UtcNow, TimeSpan.FromDays(6.9), TimeSpan.FromDays(7.1));
        var code = made.Text("url").Split("code=")[1];
        var shown = await admin.GetAsync(made.Header("Location")!).Expect(200);
        var listed = await admin.GetAsync($"/v1/organizations/{id}/invitations?state=pending").Expect(200);
        Assert.Equal([made.Text("id")], Ids(listed));
        foreach (var body in new[] { shown.Body, listed.Body, (await admin.GetAsync("/v1/audit?limit=200").Expect(200)).Body })
            Assert.DoesNotContain(code, body, StringComparison.Ordinal);
        for (var i = 0; i < 2; i++)
            await admin.DeleteAsync(made.Header("Location")!).Expect(204);
        Assert.Equal(1, await admin.EventsAsync(id, "organization.invitation_revoked"));
        Assert.Equal("revoked", (await admin.GetAsync(made.Header("Location")!).Expect(200)).Text("state"));
        Assert.Empty(Ids(await admin.GetAsync($"/v1/organizations/{id}/invitations?state=pending")));
        var page = (await new Browser(admin.Address).GetAsync(PathOf(made))).Expect(200);
        Assert.Contains("An administrator revoked the invitation", page.Body, StringComparison.Ordinal);
        await admin.DeleteAsync($"/v1/organizations/{id}/invitations/inv_000000000000000000000A").Expect(404, "not_found");
        await admin
            .DeleteAsync($"/v1/organizations/{await admin.OrganizationAsync()}/invitations/{made.Text("id")}")
            .Expect(404, "not_found");
    }

    [Theory, BothEngines]
    public async Task What_no_invitation_can_say_is_refused(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        await admin.InviteAsync(id, new { roles = Array.Empty<string>() }).ExpectFaultAsync("roles");
        await admin.InviteAsync(id, new { roles = new[] { Administrator } }).ExpectFaultAsync("roles");
        await admin.InviteAsync(id, new { email = "ada" }).ExpectFaultAsync("email");
        await admin.InviteAsync(id, new { note = new string('x', 201) }).ExpectFaultAsync("note");
        await admin.InviteAsync(id, new { expires_at = DateTimeOffset.UtcNow.AddSeconds(-1) }).ExpectFaultAsync("expires_at");
        await admin.InviteAsync(id, new { expires_at = DateTimeOffset.UtcNow.AddDays(31) }).ExpectFaultAsync("expires_at");
        await admin.PostAsync($"/v1/organizations/{id}/disable").Expect(200);
        await admin.InviteAsync(id, new { }).Expect(409, "invitation_ended");
    }

    [Theory, BothEngines]
    public async Task A_person_who_is_signed_in_accepts_and_acts_there_from_then_on(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var made = await admin.InviteAsync(id, new { roles = new[] { OrganizationDeveloper } }).Expect(201);
        var user = await admin.PersonAsync();
        var browser = await admin.BrowserOfAsync(user.Id);
        var offer = (await browser.GetAsync(PathOf(made))).Expect(200).Body;
        Assert.Contains("Organization developer", offer, StringComparison.Ordinal);
        (await browser.GetAsync("/organizations")).Expect(403);
        var fields = await browser.HiddenAsync(PathOf(made), "invitation");
        (await browser.PostAsync("/invitation", fields)).Expect(303);
        Assert.Equal($"/organizations/{id}", (await browser.GetAsync("/organizations")).Expect(303).Header("Location"));
        var member = await admin.GetAsync($"/v1/organizations/{id}/members/{user.Id}").Expect(200);
        Assert.Equal([OrganizationDeveloper], Strings(member.Json.GetProperty("roles")));
        var after = await admin.GetAsync(made.Header("Location")!).Expect(200);
        Assert.Equal(("accepted", user.Id), (after.Text("state"), after.Text("accepted_by")));
        await admin.DeleteAsync(made.Header("Location")!).Expect(409, "invitation_ended");
        foreach (var action in new[] { "invitation_created", "invitation_accepted", "member_added" })
            Assert.Equal(1, await admin.EventsAsync(id, "organization." + action));

        // Once.
        var other = await admin.BrowserOfAsync((await admin.PersonAsync()).Id);
        var late = (await other.GetAsync(PathOf(made))).Expect(200).Body;
        Assert.Contains("It works once", late, StringComparison.Ordinal);
        Assert.DoesNotContain("action=\"invitation\"", late, StringComparison.Ordinal);
        var token = (await other.HiddenAsync("/account/security", "/sign-out"))[0];
        (await other.PostAsync("/invitation", [token, ("code", CodeOf(made))])).Expect(409);
    }

    [Theory, BothEngines]
    public async Task A_person_without_an_account_makes_one_and_is_signed_in(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var made = await admin.InviteAsync(id, new { }).Expect(201);
        var email = $"{CreateRequests.Unique("ada")}@example.com";
        var browser = new Browser(admin.Address);
        (await browser.JoinAsync(made, email, "too short")).Expect(422);
        (await browser.JoinAsync(made, "ada", SigningIn.Password)).Expect(422);
        var kept = (await browser.JoinAsync(made, email, SigningIn.Password, again: "other words than these")).Expect(422).Body;
        Assert.Contains(email, kept, StringComparison.Ordinal);
        var taken = (await browser.JoinAsync(made, (await admin.CreateUserAsync([])).Email, SigningIn.Password)).Expect(409);
        Assert.Contains("an account that exists", taken.Body, StringComparison.Ordinal);
        (await browser.JoinAsync(made, email.ToUpperInvariant(), SigningIn.Password)).Expect(303);
        Assert.NotNull(browser.Session);
        Assert.Equal($"/organizations/{id}", (await browser.GetAsync("/organizations")).Expect(303).Header("Location"));
        (await browser.GetAsync("/users")).Expect(403);
        var user = (await admin.GetAsync($"/v1/users?email={email}").Expect(200)).Json.GetProperty("items")[0];
        Assert.Equal(0, user.GetProperty("roles").GetArrayLength());
        (await new Browser(admin.Address).SignInAsync(email)).Expect(303);
        (await new Browser(admin.Address).JoinAsync(made, "x" + email, SigningIn.Password, page: false)).Expect(403);
        Assert.Equal(1, await admin.EventsAsync(id, "user.created"));
    }

    [Theory, BothEngines]
    public async Task An_account_gets_the_address_that_the_invitation_names(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var email = $"{CreateRequests.Unique("ada")}@example.com";
        var made = await admin.InviteAsync(id, new { email }).Expect(201);
        (await new Browser(admin.Address).JoinAsync(made, "mallory@example.com", SigningIn.Password)).Expect(303);
        Assert.Equal(1, (await admin.GetAsync($"/v1/users?email={email}").Expect(200)).Json.GetProperty("items").GetArrayLength());
    }

    [Theory, BothEngines]
    public async Task The_holder_of_a_link_declines_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var made = await admin.InviteAsync(id, new { }).Expect(201);
        var browser = new Browser(admin.Address);
        var fields = await browser.HiddenAsync(PathOf(made), "invitation/decline");
        Assert.Contains(
            "was declined",
            (await browser.PostAsync("/invitation/decline", fields)).Expect(200).Body,
            StringComparison.Ordinal
        );
        (await browser.PostAsync("/invitation/decline", fields)).Expect(409);
        Assert.Equal("declined", (await admin.GetAsync(made.Header("Location")!).Expect(200)).Text("state"));
        Assert.Equal(1, await admin.EventsAsync(id, "organization.invitation_declined"));
        (await browser.GetAsync("/invitation?code=x")).Expect(404);
    }

    [Theory, BothEngines]
    public async Task Of_64_acceptances_at_once_one_works(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var id = await admin.OrganizationAsync();
        var made = await admin.InviteAsync(id, new { }).Expect(201);
        var people = new List<Browser>();
        for (var i = 0; i < 8; i++)
            people.Add(await admin.BrowserOfAsync((await admin.PersonAsync()).Id));
        var forms = await Task.WhenAll(people.Select(async person => (person, await person.HiddenAsync(PathOf(made), "invitation"))));
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 64).Select(n => forms[n % 8]).Select(form => form.person.Copy().PostAsync("/invitation", form.Item2))
        );
        Assert.Single(answers, answer => answer.Status == 303);
        Assert.All(answers, answer => Assert.Contains(answer.Status, new[] { 303, 409 }));
        Assert.Single(Ids(await admin.GetAsync($"/v1/organizations/{id}/members")));
    }

    [Fact]
    public async Task Of_64_acceptances_at_once_on_two_replicas_one_works()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Postgres);
        await using var two = await one.StartReplicaAsync();
        var admin = await one.AdminAsync();
        var id = await admin.OrganizationAsync();
        var made = await admin.InviteAsync(id, new { }).Expect(201);
        var people = new List<(Browser, Browser, IReadOnlyList<(string, string)>)>();
        for (var i = 0; i < 4; i++)
        {
            var here = await admin.BrowserOfAsync((await admin.PersonAsync()).Id);
            var fields = await here.HiddenAsync(PathOf(made), "invitation");
            var there = new Browser(two.Address);
            foreach (var (name, value) in here.Cookies)
                there.Cookies[name] = value;
            people.Add((here, there, fields));
        }

        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 64)
                .Select(n =>
                {
                    var (here, there, fields) = people[n % 4];
                    return (n / 4 % 2 == 0 ? here : there).Copy().PostAsync("/invitation", fields);
                })
        );
        Assert.Single(answers, answer => answer.Status == 303);
        Assert.Equal(63, answers.Count(answer => answer.Status == 409));
        Assert.Single(Ids(await admin.GetAsync($"/v1/organizations/{id}/members")));
    }

    [Theory, BothEngines]
    public async Task An_invitation_gives_no_more_than_its_maker_could_give_a_member(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["read", "write"]);
        var role = await admin.CreateRoleAsync([At(api.Identifier, "read", "write")]);
        var id = await admin.OrganizationAsync();
        var there = (await admin.AdministratorAsync(id)).Client;
        await there.InviteAsync(id, new { roles = new[] { OrganizationAdministrator } }).Expect(201);
        await there.InviteAsync(id, new { roles = new[] { role.Id } }).Expect(403, "exceeds_own_rights");
        await there.InviteAsync(await admin.OrganizationAsync(), new { }).Expect(404, "not_found");
        var developer = (await admin.MemberAsync(id, [OrganizationDeveloper], At(Management, "organization:read"))).Client;
        await developer.InviteAsync(id, new { }).Expect(403, "insufficient_scope");
        await developer.GetAsync($"/v1/organizations/{id}/invitations").Expect(403, "insufficient_scope");

        // It could accept its own invitation with a new account, so it gives no more than it may do itself.
        var narrow = (await admin.CallerAsync("organizations:write")).Client;
        await narrow.InviteAsync(id, new { roles = new[] { role.Id } }).Expect(403, "exceeds_own_rights");
        await narrow.InviteAsync(id, new { }).Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task What_its_maker_lost_since_an_invitation_does_not_give(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        await admin.AdministratorAsync(id);
        (string Name, Func<Person, Task> Lose, Func<Person, Task> Regain)[] losses =
        [
            (
                "demoted",
                person => admin.ReplaceAsync(id, person.Id, OrganizationMember).Expect(200),
                person => admin.ReplaceAsync(id, person.Id, OrganizationAdministrator).Expect(200)
            ),
            (
                "disabled",
                person => admin.PostAsync($"/v1/users/{person.Id}/disable").Expect(200),
                person => admin.PostAsync($"/v1/users/{person.Id}/enable").Expect(200)
            ),
            (
                "token disabled",
                person => admin.PostAsync($"/v1/tokens/{person.Token.Id}/disable").Expect(200),
                person => admin.PostAsync($"/v1/tokens/{person.Token.Id}/enable").Expect(200)
            ),
            (
                "organization disabled",
                _ => admin.PostAsync($"/v1/organizations/{id}/disable").Expect(200),
                _ => admin.PostAsync($"/v1/organizations/{id}/enable").Expect(200)
            ),
        ];
        foreach (var (name, lose, regain) in losses)
        {
            var inviter = await admin.AdministratorAsync(id);
            var made = await inviter.Client.InviteAsync(id, new { roles = new[] { OrganizationDeveloper } }).Expect(201);
            var user = await admin.PersonAsync();
            var browser = await admin.BrowserOfAsync(user.Id);
            var fields = await browser.HiddenAsync(PathOf(made), "invitation");
            var stranger = new Browser(admin.Address);
            var form = await stranger.HiddenAsync(PathOf(made), "invitation/account");
            await lose(inviter);
            Assert.True((await browser.PostAsync("/invitation", fields)).Status == 409, name);
            (string, string)[] account =
            [
                ("email", $"{CreateRequests.Unique("x")}@example.com"),
                ("password", SigningIn.Password),
                ("again", SigningIn.Password),
            ];
            Assert.True((await stranger.PostAsync("/invitation/account", [.. form, .. account])).Status == 409, name);
            await admin.GetAsync($"/v1/organizations/{id}/members/{user.Id}").Expect(404);
            await regain(inviter);
            Assert.True((await browser.PostAsync("/invitation", fields)).Status == 303, name);
        }
    }

    [Theory, BothEngines]
    public async Task An_expired_invitation_does_not_work(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var admin = server.Admin;
        var id = await admin.OrganizationAsync();
        var made = await admin.InviteAsync(id, new { }).Expect(201);
        var browser = await admin.BrowserOfAsync((await admin.PersonAsync()).Id);
        var fields = await browser.HiddenAsync(PathOf(made), "invitation");
        await server.Database.WriteAsync(tx => tx.ExecuteAsync("UPDATE invitations SET expires_at = 1"));
        Assert.Contains("has expired", (await browser.PostAsync("/invitation", fields)).Expect(409).Body, StringComparison.Ordinal);
        Assert.Equal("expired", (await admin.GetAsync(made.Header("Location")!).Expect(200)).Text("state"));
        Assert.Single(Ids(await admin.GetAsync($"/v1/organizations/{id}/invitations?state=expired")));
    }

    [Theory, BothEngines]
    public async Task A_policy_forbids_accounts_by_invitation(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var made = await admin.InviteAsync(id, new { }).Expect(201);
        var stranger = new Browser(admin.Address);
        var form = await stranger.HiddenAsync(PathOf(made), "invitation/account");
        await admin.SetPolicyAsync(id, new { invited_accounts = "no" }).ExpectFaultAsync("invited_accounts");
        var policy = await admin.SetPolicyAsync(id, new { invited_accounts = "forbidden" }).Expect(200);
        Assert.Equal(("forbidden", id), (policy.Text("effective.invited_accounts.value"), policy.Text("effective.invited_accounts.owner")));
        (string, string)[] account =
        [
            ("email", $"{CreateRequests.Unique("x")}@example.com"),
            ("password", SigningIn.Password),
            ("again", SigningIn.Password),
        ];
        (await stranger.PostAsync("/invitation/account", [.. form, .. account])).Expect(422);
        Assert.DoesNotContain("invitation/account", (await stranger.GetAsync(PathOf(made))).Expect(200).Body, StringComparison.Ordinal);
        var browser = await admin.BrowserOfAsync((await admin.PersonAsync()).Id);
        (await browser.PostAsync("/invitation", await browser.HiddenAsync(PathOf(made), "invitation"))).Expect(303);
    }

    [Theory, BothEngines]
    public async Task An_administrator_of_the_organization_invites_and_revokes_on_its_page(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var user = await admin.CreateUserAsync([]);
        await admin.JoinAsync(id, user.Id, OrganizationAdministrator).Expect(200);
        var browser = await admin.BrowserOfAsync(user.Id);
        await browser.ActInAsync(id);
        var page = $"organizations/{id}";
        var refused = (await browser.SendAsync(page, $"{page}/invitations", ("note", "Grace"), ("email", "no address"))).Expect(400).Body;
        Assert.Contains("Grace", refused, StringComparison.Ordinal);
        Assert.Contains("must be an address", refused, StringComparison.Ordinal);
        var made = (
            await browser.SendAsync(page, $"{page}/invitations", ("note", "Grace"), ("role", OrganizationDeveloper), ("days", "1"))
        ).Expect(200);
        Assert.Contains("/invitation?code=", made.Body, StringComparison.Ordinal);
        var invitation = (await admin.GetAsync($"/v1/{page}/invitations").Expect(200))
            .Json.GetProperty("items")[0]
            .GetProperty("id")
            .GetString();
        Assert.Contains("Grace", (await browser.GetAsync("/" + page)).Expect(200).Body, StringComparison.Ordinal);
        (await browser.SendAsync(page, $"{page}/invitations/{invitation}/revoke")).Expect(303);
        Assert.Equal("revoked", (await admin.GetAsync($"/v1/{page}/invitations/{invitation}").Expect(200)).Text("state"));
    }

    [Theory, BothEngines]
    public async Task A_signed_out_person_is_led_to_sign_in_and_back(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await admin.InviteAsync(await admin.OrganizationAsync(), new { }).Expect(201);
        var browser = await admin.BrowserOfAsync((await admin.PersonAsync()).Id);
        var fields = await browser.HiddenAsync(PathOf(made), "invitation");
        var signedOut = new Browser(admin.Address);
        var stranger = await signedOut.HiddenAsync(PathOf(made), "invitation/decline");
        var location = (await signedOut.PostAsync("/invitation", stranger)).Expect(303).Header("Location")!;
        Assert.Equal($"/sign-in?return={Uri.EscapeDataString(PathOf(made))}", location);
        (await browser.PostAsync("/invitation", fields)).Expect(303);
    }

    private static string PathOf(ApiResponse made) => new Uri(made.Text("url")).PathAndQuery;

    private static string CodeOf(ApiResponse made) => PathOf(made).Split("code=")[1];
}
