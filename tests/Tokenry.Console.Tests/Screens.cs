namespace Tokenry.Console.Tests;

/// <summary>The pictures of <c>docs/screens</c>; <c>docs/screens/make</c> runs it. Tests do not.</summary>
public sealed class Screens(SharedServers servers, Chromium chromium)
{
    private static readonly string Folder =
        Environment.GetEnvironmentVariable("TOKENRY_SCREENS") ?? Path.Combine(Path.GetTempPath(), "screens");

    [Theory(Explicit = true)]
    [InlineData(1440, false, "en")]
    [InlineData(1440, true, "en")]
    [InlineData(360, false, "en")]
    [InlineData(360, true, "en")]
    [InlineData(1440, false, "zh-Hant-TW")]
    [InlineData(1440, false, "nl")]
    public async Task Take(int width, bool dark, string language)
    {
        var company = await Company.FoundAsync(servers, Engine.Sqlite, "administrator");
        var stock = await Stock.FillAsync(company);
        await using var visit = await Visit.StartAsync(chromium, company.Person, new Look(width, dark, language));
        Directory.CreateDirectory(Folder);
        await ShootAsync("tokens", "account/tokens");
        await ShootAsync("new-token", stock.NewToken);
        await visit.Page.ClickAsync("form.form button.primary");
        await visit.Page.WaitForSelectorAsync("#secret");
        await ShootAsync("token-made");
        await ShootAsync("token", stock.Token);
        await ShootAsync("overview", "overview");
        await ShootAsync("apis", "apis");
        await ShootAsync("api", stock.Api);
        await ShootAsync("new-api", "apis/new?guide=yes");
        await ShootAsync("guide-key", $"start/key?api={Uri.EscapeDataString(company.Api)}");
        await visit.Page.FillAsync("#name", "billing, production");
        await visit.Page.ClickAsync("form.form button.primary");
        await visit.Page.WaitForSelectorAsync("#secret");
        await ShootAsync("guide-request");
        await ShootAsync("users", "users");
        await ShootAsync("user", $"users/{company.Person.Id}");
        await ShootAsync("applications", "applications");
        await ShootAsync("application", stock.Application);
        await ShootAsync("new-key", stock.Application + "/api-keys/new");
        await ShootAsync("credentials", "credentials");
        var organization = await company.OrganizationAsync();
        await ShootAsync("roles", "roles");
        await ShootAsync("role", $"roles/{company.Role}");
        await ShootAsync("new-role", "roles/new");
        await ShootAsync("organizations", "organizations");
        await ShootAsync("organization", $"organizations/{organization}");
        await ShootAsync("member", $"organizations/{organization}/members/{company.Person.Id}");
        await ShootAsync("k", "k");
        await ShootAsync("usage", "usage");
        await ShootAsync("access-log", "access-log");
        await visit.Page.ClickAsync(".events summary");
        await ShootAsync("access-log-entry");
        await ShootAsync("signing-keys", "signing-keys");
        await visit.Page.ClickAsync("td .name");
        await visit.Page.WaitForSelectorAsync("#kid");
        await ShootAsync("signing-key");
        await ShootAsync("audit", "audit?action=personal_access_token.*");
        await visit.Page.ClickAsync(".events summary");
        await ShootAsync("audit-event");
        await ShootAsync("refused", "apis/res_none");

        async Task ShootAsync(string name, string? path = null)
        {
            if (path is not null)
            {
                await visit.OpenAsync(path);
            }

            var words = language == "en" ? "" : $"-{language}";
            await visit.Page.ScreenshotAsync(
                new()
                {
                    Path = Path.Combine(Folder, $"{name}-{(dark ? "dark" : "light")}{(width < 500 ? "-phone" : "")}{words}.png"),
                    FullPage = true,
                }
            );
        }
    }
}
