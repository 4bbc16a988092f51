namespace Tokenry.Console.Tests;

/// <summary>
/// The pictures of <c>docs/screens</c>, of the company of <c>admin demo</c>; <c>docs/screens/make</c> runs it. Tests do not: a picture proves nothing.
/// </summary>
public sealed class Screens(Chromium chromium)
{
    private static readonly string Folder =
        Environment.GetEnvironmentVariable("TOKENRY_SCREENS") ?? Path.Combine(Path.GetTempPath(), "screens");

    private static readonly Look[] Looks =
    [
        new(1440, false, "en"),
        new(1440, true, "en"),
        new(360, false, "en"),
        new(360, true, "en"),
        new(1440, false, "zh-Hant-TW"),
    ];

    [Fact(Explicit = true)]
    public async Task Take()
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        (await server.RunAsync("admin", "demo")).Expect(0);
        await server.LaunchAsync();
        var admin = await server.AdminAsync();
        var link = (await server.RunAsync("admin", "sign-in")).Expect(0).Output.Trim();
        var administrator = await PersonAsync(admin, "Administrator", new Uri(link).PathAndQuery);
        var ada = await PersonAsync(admin, "Ada Okafor");
        Directory.CreateDirectory(Folder);
        foreach (var look in Looks)
        {
            await TakeAsync(ada, look, OfOneself);
            await TakeAsync(administrator, look, visit => OfAdministratorAsync(visit, admin, ada));
        }
    }

    /// <param name="admin">The client of an administrator.</param>
    /// <param name="name">The person's name.</param>
    /// <param name="link">A link to sign in; <c>null</c> = the administrator makes one.</param>
    private static async Task<Person> PersonAsync(ApiClient admin, string name, string? link = null)
    {
        var user = (await admin.GetAsync("/v1/users?limit=100").Expect(200))
            .Json.GetProperty("items")
            .EnumerateArray()
            .Single(item => item.GetProperty("name").GetString() == name);
        var id = user.GetProperty("id").GetString()!;
        await new Browser(admin.Address).SetPasswordAsync(link ?? await admin.SignInLinkAsync(id), SigningIn.Password);
        return new Person(admin.Address, id, user.GetProperty("email").GetString()!, SigningIn.Password);
    }

    private static async Task<string> IdAsync(ApiClient admin, string list, string name) =>
        (await admin.GetAsync($"/v1/{list}?limit=100").Expect(200))
            .Json.GetProperty("items")
            .EnumerateArray()
            .First(item => item.GetProperty("name").GetString() == name)
            .GetProperty("id")
            .GetString()!;

    /// <summary>What waits for a decision: the policy demands one of each token while this one is made.</summary>
    private static async Task<string> ApprovalAsync(ApiClient admin, Person person)
    {
        (await admin.PatchAsync("/v1/policy", new { approval_required = new[] { new { kind = "personal_access_token" } } })).Expect(200);
        var own = await admin.CreatePersonalAccessTokenAsync(
            person.Id,
            new { permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "tokens:own" } } } }
        );
        var asked = await admin
            .With(own.Secret)
            .PostAsync(
                "/v1/me/tokens",
                new
                {
                    name = "quarterly figures",
                    permissions = Array.Empty<object>(),
                    justification = "The quarterly figures come from a notebook.",
                }
            );
        (await admin.PatchAsync("/v1/policy", new { approval_required = (object?)null })).Expect(200);
        return asked.Expect(201).Json.GetProperty("approval").GetProperty("id").GetString()!;
    }

    private async Task TakeAsync(Person person, Look look, Func<Album, Task> pages)
    {
        await using var visit = await Visit.StartAsync(chromium, person, look);
        await pages(new Album(visit, look));
    }

    private static async Task OfOneself(Album album)
    {
        await album.ShootAsync("tokens", "account/tokens");
        await album.ShootAsync(
            "new-token",
            "account/tokens/new?name=reports&api=https%3A%2F%2Fshipments.example.com&scopes=shipments%3Aread&expires_in=90d"
        );
        await album.Page.ClickAsync("form.form button.primary");
        await album.Page.WaitForSelectorAsync("#secret");
        await album.ShootAsync("token-made");
        await album.ShootAsync("security", "account/security");
        await album.ShootAsync("notices", "account/notices");
        await album.ShootAsync("roles-own", "account/roles");
        await album.ShootAsync("ask-for-role", "account/roles/new");
    }

    private static async Task OfAdministratorAsync(Album album, ApiClient admin, Person ada)
    {
        await album.ShootAsync("overview", "overview");
        await album.ShootAsync("api", $"apis/{await IdAsync(admin, "api-resources", "Shipments")}");
        await album.ShootAsync("applications", "applications");
        await album.ShootAsync("application", $"applications/{await IdAsync(admin, "applications", "Warehouse scanners")}");
        await album.ShootAsync("credentials", "credentials");
        await album.ShootAsync("credential", $"credentials/{await IdAsync(admin, "api-keys", "scanners in Rotterdam")}");
        await album.ShootAsync("bulk", "credentials/bulk/revoke?state=active");
        await album.ShootAsync("policy", "policy");
        await album.ShootAsync("policy-edit", "policy/edit");
        await album.ShootAsync("reports", "reports");
        var review = await admin.PostAsync(
            "/v1/reports/reviews",
            new { organization = await IdAsync(admin, "organizations", "Nordlys Retail") }
        );
        await album.ShootAsync("review", $"reports/reviews/{review.Expect(201).Text("id")}");
        await album.ShootAsync("approval", $"approvals/{await ApprovalAsync(admin, ada)}");
        await album.ShootAsync("approvals", "approvals");
        await album.ShootAsync("settings", "settings");
        await album.ShootAsync("users", "users");
        await album.ShootAsync("user", $"users/{ada.Id}");
        await album.ShootAsync("user-sign-in", $"users/{ada.Id}/sign-in");
        await album.ShootAsync("roles", "roles");
        await album.ShootAsync("organizations", "organizations");
        await album.ShootAsync("organization", $"organizations/{await IdAsync(admin, "organizations", "Nordlys Retail")}");
        await album.ShootAsync("usage", "usage");
        await album.ShootAsync("access-log", "access-log");
        await album.ShootAsync("signing-keys", "signing-keys");
        await album.ShootAsync("audit", "audit");
        await album.ShootAsync("k", "k");
    }

    private sealed class Album(Visit visit, Look look)
    {
        public IPage Page => visit.Page;

        /// <param name="name">The picture.</param>
        /// <param name="path">The page; <c>null</c> = the one that is open.</param>
        public async Task ShootAsync(string name, string? path = null)
        {
            if (path is not null)
            {
                await visit.OpenAsync(path);
            }

            var words = look.Language == "en" ? "" : $"-{look.Language}";
            var shape = $"{(look.IsDark ? "dark" : "light")}{(look.Width < 500 ? "-phone" : "")}";
            await Page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}-{shape}{words}.png"), FullPage = true });
        }
    }
}
