using Tokenry.Testing;

namespace Tokenry.Benchmarks.Pages;

/// <summary>The addresses that are measured: every page of the console, and lists with filters, deep in them too.</summary>
internal static class PageList
{
    private static readonly string[] Paths =
    [
        "overview",
        "account/tokens",
        "account/tokens/new",
        "account/notices",
        "account/roles",
        "account/roles/new",
        "account/security",
        "account/security/tokens",
        "apis",
        "apis/{api}",
        "apis/new",
        "start/key?api={identifier}",
        "roles",
        "roles/new",
        "roles/{role}",
        "users",
        "users?email=ada.berg.500@example.com",
        "users?role={role}",
        "users?{users}",
        "users/{user}",
        "users/{user}/sign-in",
        "applications",
        "applications?role={role}",
        "applications?organization={organization}",
        "applications/{application}",
        "applications/{application}/api-keys/new",
        "applications/{application}/secrets/new",
        "credentials",
        "credentials?{credentials}",
        "credentials/{key}",
        "credentials/{pat}",
        "credentials/{maker}",
        "credentials?kind=client_secret",
        "credentials?state=disabled",
        "credentials?state=revoked",
        "credentials?state=expired",
        "credentials?state=pending_approval",
        "credentials?organization={organization}",
        "credentials?owner={application}",
        "credentials?api={identifier}",
        "credentials?state=active&due_before={soon}",
        "credentials?state=active&unused_since={long}",
        "credentials/bulk/revoke?owner={user}",
        "credentials/bulk/disable?owner={application}",
        "credentials/bulk/revoke?state=active",
        "policy",
        "policy/edit",
        "approvals",
        "organizations",
        "organizations/{organization}",
        "organizations/{organization}/members/{member}",
        "organizations/{organization}/policy",
        "usage",
        "usage?period=week",
        "usage?period=month",
        "usage?period=month&credential={key}",
        "usage?period=month&subject={application}",
        "usage?code=expired",
        "access-log",
        "access-log?{access}",
        "access-log?credential={key}",
        "access-log?result=revoked",
        "access-log?result=unknown",
        "access-log?ip=192.0.2.99",
        "access-log?from={day}",
        "audit",
        "audit?{audit}",
        "audit?action=door.denied",
        "audit?action=signal.*",
        "audit?action=api_resource.created",
        "audit?result=signal",
        "audit?actor={user}",
        "audit?target={application}",
        "audit?organization={organization}",
        "audit?from={day}",
        "audit?to={long}",
        "signing-keys",
        "reports",
        "reports?organization={organization}",
        "reports/reviews",
        "settings",
    ];

    /// <summary>The addresses with the ids of this store, and the address as the table shows it.</summary>
    public static async Task<IReadOnlyList<(string Shown, string Path)>> OfAsync(ApiClient admin, string maker)
    {
        var now = TimeProvider.System.GetUtcNow();
        var api = await FirstAsync("/v1/api-resources?limit=50", "identifier", "https://");
        // The oldest organization is the largest: a third of all members are in it.
        var organization = await FirstAsync("/v1/organizations", "id", "org_");
        var values = new Dictionary<string, string>
        {
            ["identifier"] = Uri.EscapeDataString(api),
            ["api"] = await FirstAsync($"/v1/api-resources?identifier={Uri.EscapeDataString(api)}", "id", "res_"),
            ["role"] = await FirstAsync("/v1/roles?limit=200", "id", "rol_03"),
            ["user"] = await FirstAsync("/v1/users", "id", "usr_"),
            ["application"] = await FirstAsync("/v1/applications", "id", "app_"),
            ["key"] = await FirstAsync("/v1/credentials?kind=api_key", "id", "key_"),
            ["pat"] = await FirstAsync("/v1/credentials?kind=personal_access_token&limit=50", "id", "pat_", last: true),
            ["maker"] = maker,
            ["organization"] = organization,
            ["member"] = await FirstAsync($"/v1/organizations/{organization}/members", "id", "usr_"),
            ["users"] = await DeepAsync("/v1/users"),
            ["credentials"] = await DeepAsync("/v1/credentials"),
            ["access"] = await DeepAsync("/v1/access-log"),
            ["audit"] = await DeepAsync("/v1/audit"),
            ["day"] = Time(now.AddDays(-1)),
            ["soon"] = Time(now.AddDays(30)),
            ["long"] = Time(now.AddDays(-25)),
        };
        return
        [
            .. Paths.Select(path =>
                (path, values.Aggregate(path, (text, value) => text.Replace($"{{{value.Key}}}", value.Value, StringComparison.Ordinal)))
            ),
        ];

        async Task<string> FirstAsync(string path, string member, string prefix, bool last = false)
        {
            var found = (await admin.GetAsync(path).Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Select(item => item.GetProperty(member).GetString()!)
                .Where(value => value.StartsWith(prefix, StringComparison.Ordinal));
            return last ? found.Last() : found.First();
        }

        // The twentieth page.
        async Task<string> DeepAsync(string path)
        {
            var cursor = "";
            for (var i = 0; i < 20; i++)
            {
                var page = await admin.GetAsync(cursor.Length == 0 ? $"{path}?limit=200" : $"{path}?limit=200&{cursor}").Expect(200);
                cursor = $"cursor={Uri.EscapeDataString(page.Text("next_cursor"))}";
            }

            return cursor;
        }
    }

    private static string Time(DateTimeOffset at) =>
        at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
