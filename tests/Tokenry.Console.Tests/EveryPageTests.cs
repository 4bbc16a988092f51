namespace Tokenry.Console.Tests;

/// <summary>What holds for every page: axe-core finds nothing, nothing is cut off, nothing is asked of another host, and no script or style is inline.</summary>
public sealed class EveryPageTests(SharedServers servers, Chromium chromium)
{
    private static readonly string[] Pages =
    [
        "overview",
        "account/tokens",
        "account/tokens/new",
        "account/tokens/{token}",
        "account/notices",
        "account/roles",
        "account/roles/new",
        "account/security",
        "account/security/tokens",
        "apis",
        "apis/{api}",
        "apis/new",
        "apis/new?guide=yes",
        "start/key?api={identifier}",
        "roles",
        "roles/new",
        "roles/{role}",
        "users",
        "users/{user}",
        "users/{user}/sign-in",
        "users/{user}/object-roles",
        "applications",
        "applications/{application}",
        "applications/{application}/object-roles",
        "applications/{application}/api-keys/new",
        "applications/{application}/secrets/new",
        "credentials",
        "credentials/{token}",
        "credentials?state=active&due_before=2099-01-01T00:00:00Z",
        "credentials/bulk/revoke?owner={user}",
        "credentials/bulk/roll?owner={user}",
        "credentials/bulk/disable?owner={application}",
        "policy",
        "policy/edit",
        "approvals",
        "approvals/{approval}",
        "approvals/{request}",
        "organizations",
        "organizations/{organization}",
        "organizations/{organization}/members/{user}",
        "organizations/{organization}/members/{user}/object-roles",
        "organizations/{organization}/policy",
        "organizations/{organization}/policy/edit",
        "invitation?code={code}",
        "k",
        "usage",
        "usage?period=month",
        "access-log",
        "audit",
        "signing-keys",
        "signing-keys/{key}",
        "reports",
        "reports/reviews",
        "reports/reviews/{review}",
        "settings",
        "nothing-is-here",
    ];

    [Theory, InlineData(1440, false), InlineData(1440, true), InlineData(360, false), InlineData(360, true)]
    public async Task Axe_finds_nothing(int width, bool dark)
    {
        await using var visit = await StartAsync(new Look(width, dark));
        foreach (var path in await PathsAsync())
        {
            await visit.OpenAsync(path);
            var found = await visit.AxeAsync();
            Assert.True(found.Count == 0, $"{path}: {string.Join('\n', found)}");
        }
    }

    [Theory, InlineData(1440, false), InlineData(360, true)]
    public async Task Axe_finds_nothing_in_an_organization(int width, bool dark)
    {
        var company = await Company.FoundAsync(servers, Engine.Sqlite);
        var organization = await company.OrganizationAsync();
        await using var visit = await Visit.StartAsync(chromium, company.Person, new Look(width, dark));
        await visit.OpenAsync("overview");
        await visit.Page.ClickAsync($"main button[value='{organization}']");
        await visit.Page.WaitForURLAsync($"**/organizations/{organization}");
        foreach (
            var path in new[]
            {
                $"organizations/{organization}",
                "overview",
                "applications",
                "credentials",
                "policy",
                "policy/edit",
                "approvals",
                "audit",
                "reports",
                "account/tokens",
                "account/roles",
                "account/roles/new",
            }
        )
        {
            await visit.OpenAsync(path);
            var found = await visit.AxeAsync();
            Assert.True(found.Count == 0, $"{path}: {string.Join('\n', found)}");
            Assert.True(await visit.OverflowAsync() <= 0, $"{path} is wider than {width}");
        }
    }

    [Theory, InlineData("en-x-pseudo", 360), InlineData("nl", 360), InlineData("zh-Hant-TW", 360), InlineData("en-x-pseudo", 1440)]
    public async Task No_page_is_wider_than_the_window(string language, int width)
    {
        await using var visit = await StartAsync(new Look(width));
        await visit.ChooseAsync("tokenry_language", language);
        foreach (var path in await PathsAsync())
        {
            await visit.OpenAsync(path);
            Assert.Equal(language, await visit.Page.GetAttributeAsync("html", "lang"));
            Assert.True(await visit.OverflowAsync() <= 0, $"{path} is wider than {width}");
        }
    }

    [Fact]
    public async Task Navigation_keeps_the_document_and_follows_every_line_of_the_rail()
    {
        await using var visit = await StartAsync(new Look());
        await visit.OpenAsync("overview");
        await visit.Page.EvaluateAsync("document.documentElement.kept = true");
        foreach (
            var address in await visit.Page.EvalOnSelectorAllAsync<string[]>(
                ".rail li a",
                "links => links.map(l => l.getAttribute('href'))"
            )
        )
        {
            await visit.Page.ClickAsync($".rail li a[href='{address}']");
            await visit.Page.WaitForSelectorAsync($".rail li a[href='{address}'][aria-current=page]");
        }

        Assert.True(await visit.Page.EvaluateAsync<bool>("document.documentElement.kept === true"), "a page was loaded whole");
    }

    private async Task<Visit> StartAsync(Look look) =>
        await Visit.StartAsync(chromium, (await Company.FoundAsync(servers, Engine.Sqlite, "administrator")).Person, look);

    /// <summary>A key of an application of the organization, which waits for an approval.</summary>
    private static async Task<string> ApprovalAsync(Company company, string organization)
    {
        var admin = company.Admin;
        object[] rule = [new { kind = "api_key" }];
        (await admin.PatchAsync($"/v1/organizations/{organization}/policy", new { approval_required = rule })).Expect(200);
        var application = (await admin.PostAsync("/v1/applications", new { name = "Night report", organization_id = organization })).Expect(
            201
        );
        var role = (
            await admin.PostAsync(
                "/v1/roles",
                new
                {
                    name = CreateRequests.Unique("maker"),
                    permissions = new[]
                    {
                        new { api = "urn:tokenry:management", scopes = new[] { "credentials:write", "applications:read" } },
                    },
                }
            )
        )
            .Expect(201)
            .Text("id")!;
        var maker = await admin.CreateUserAsync([role], new { password = (string?)null });
        var token = await admin.CreatePersonalAccessTokenAsync(
            maker.Id,
            new { permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "credentials:write" } } } }
        );
        return (
            await admin
                .With(token.Secret)
                .PostAsync(
                    $"/v1/applications/{application.Text("id")}/api-keys",
                    new { name = "nightly", justification = "the nightly report reads invoices" }
                )
        )
            .Expect(201)
            .Text("approval.id")!;
    }

    /// <summary>A request of a user for a role.</summary>
    private static async Task<string> RequestAsync(Company company)
    {
        var user = await company.Admin.CreateUserAsync([], new { password = (string?)null });
        var token = await company.Admin.CreatePersonalAccessTokenAsync(
            user.Id,
            new { permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "tokens:own" } } } }
        );
        return (
            await company
                .Admin.With(token.Secret)
                .PostAsync(
                    "/v1/me/role-requests",
                    new { role = "rol_0000000000000000000003", justification = "the nightly report needs an application" }
                )
        )
            .Expect(201)
            .Text("id")!;
    }

    private async Task<IReadOnlyList<string>> PathsAsync()
    {
        var company = await Company.FoundAsync(servers, Engine.Sqlite, "administrator");
        var application = (await company.Admin.PostAsync("/v1/applications", new { name = "Billing" })).Expect(201).Text("id")!;
        var token = (await company.Admin.PostAsync($"/v1/users/{company.Person.Id}/tokens", new { name = "laptop" }))
            .Expect(201)
            .Text("id")!;
        var own = (await company.Admin.GetAsync("/v1/me/tokens")).Expect(200).Json.GetProperty("items")[0].GetProperty("id").GetString()!;
        var api = (await company.Admin.GetAsync($"/v1/api-resources?identifier={Uri.EscapeDataString(company.Api)}")).Expect(200);
        var organization = await company.OrganizationAsync();
        var invited = (await company.Admin.PostAsync($"/v1/organizations/{organization}/invitations", new { note = "Ada" })).Expect(201);
        var review = (await company.Admin.PostAsync("/v1/reports/reviews", new { organization })).Expect(201).Text("id")!;
        var code = invited.Text("url")!.Split("code=")[1];
        var key = (await company.Admin.GetAsync("/v1/signing-keys"))
            .Expect(200)
            .Json.GetProperty("items")[0]
            .GetProperty("id")
            .GetString()!;
        object[] onObjects = [new { role = company.Role, objects = new[] { "customer:acme", "customer:zoo/*" } }];
        (await company.Admin.SendAsync(HttpMethod.Put, $"/v1/users/{company.Person.Id}/object-roles", new { items = onObjects })).Expect(
            200
        );
        var approval = await ApprovalAsync(company, organization);
        var request = await RequestAsync(company);
        return
        [
            .. Pages
                .Where(path => path != "account/tokens/{token}" || own.Length == 0)
                .Select(path =>
                    path.Replace("{token}", token, StringComparison.Ordinal)
                        .Replace("{application}", application, StringComparison.Ordinal)
                        .Replace("{identifier}", Uri.EscapeDataString(company.Api), StringComparison.Ordinal)
                        .Replace("{approval}", approval, StringComparison.Ordinal)
                        .Replace("{request}", request, StringComparison.Ordinal)
                        .Replace("{key}", key, StringComparison.Ordinal)
                        .Replace("{role}", company.Role, StringComparison.Ordinal)
                        .Replace("{organization}", organization, StringComparison.Ordinal)
                        .Replace("{user}", company.Person.Id, StringComparison.Ordinal)
                        .Replace("{review}", review, StringComparison.Ordinal)
                        .Replace("{code}", code, StringComparison.Ordinal)
                        .Replace("{api}", api.Json.GetProperty("items")[0].GetProperty("id").GetString(), StringComparison.Ordinal)
                ),
        ];
    }
}
