using System.Text.Json;
using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Reports;

/// <summary>Reports on credentials: as JSON, as CSV and as a page, for the server and for one organization.</summary>
public sealed class ReportCredentialsTests(SharedServers servers)
{
    private const string Path = "/v1/reports/credentials";

    [Theory, BothEngines]
    public async Task A_report_says_of_each_credential_what_happened_and_counts_the_same(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        var plain = await admin.CreateApiKeyAsync(application.Id, new { name = "follows", permissions = "owner" });
        var ended = await admin.CreateApiKeyAsync(application.Id, new { expires_at = In(600) });
        await admin.DeleteAsync($"/v1/api-keys/{ended.Id}?reason=lost").Expect(204);
        var rolled = await admin.CreateApiKeyAsync(application.Id, new { expires_at = In(86_400), permissions = Array.Empty<object>() });
        await admin.PostAsync($"/v1/api-keys/{rolled.Id}/rotate", new { overlap_seconds = 60 }).Expect(200);
        var elsewhere = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(await admin.OrganizationAsync())).Id);

        var report = (await admin.GetAsync($"{Path}?organization={organization}").Expect(200)).Json;
        Assert.Equal(organization, report.GetProperty("covers").GetString());
        var findings = Findings(report);
        Assert.Equal(["made", "without_expiry", "permissions_follow_owner"], findings[plain.Id]);
        Assert.Equal(["made", "revoked"], findings[ended.Id]);
        Assert.Equal(["made", "rolled", "due"], findings[rolled.Id]);
        Assert.DoesNotContain(elsewhere.Id, findings.Keys);
        var counts = report.GetProperty("summary").GetProperty("counts");
        Assert.Equal(3, counts.GetProperty("all").GetProperty("count").GetInt64());
        foreach (var finding in findings.Values.SelectMany(found => found).Distinct())
        {
            Assert.Equal(
                findings.Values.Count(found => found.Contains(finding)),
                counts.GetProperty(finding).GetProperty("count").GetInt64()
            );
            Assert.False(counts.GetProperty(finding).GetProperty("more").GetBoolean());
        }

        Assert.Equal(0, counts.GetProperty("overdue").GetProperty("count").GetInt64());
        var name = (await admin.GetAsync($"/v1/applications/{application.Id}").Expect(200)).Text("name");
        Assert.Equal(name, report.GetProperty("items")[0].GetProperty("owner_name").GetString());

        // A later time: the revoked one is history, the others are unused since.
        var later = (
            await admin
                .GetAsync($"{Path}?organization={organization}&from={Uri.EscapeDataString(In(60))}&to={Uri.EscapeDataString(In(120))}")
                .Expect(200)
        ).Json;
        Assert.Equal(["unused", "without_expiry", "permissions_follow_owner"], Findings(later)[plain.Id]);
        Assert.DoesNotContain(ended.Id, Findings(later).Keys);

        // What the administrator of the organization sees is the same, without naming it.
        var own = (await (await admin.AdministratorAsync(organization)).Client.GetAsync(Path).Expect(200)).Json;
        Assert.Equal(organization, own.GetProperty("covers").GetString());
        Assert.Superset(findings.Keys.ToHashSet(), Findings(own).Keys.ToHashSet());
        Assert.DoesNotContain(elsewhere.Id, Findings(own).Keys);
    }

    [Theory, BothEngines]
    public async Task Pages_follow_each_other_by_owner_and_only_the_first_has_the_figures(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var expected = new List<(string Owner, string Id)>();
        for (var i = 0; i < 3; i++)
        {
            var application = await admin.ApplicationOfAsync(organization);
            for (var j = 0; j < 2; j++)
                expected.Add((application.Id, (await admin.CreateApiKeyAsync(application.Id)).Id));
        }

        var found = new List<(string, string)>();
        for (var cursor = ""; cursor is not null; )
        {
            var page = (
                await admin
                    .GetAsync($"{Path}?organization={organization}&limit=1{(cursor.Length > 0 ? "&cursor=" + cursor : "")}")
                    .Expect(200)
            ).Json;
            Assert.Equal(cursor.Length == 0, page.TryGetProperty("summary", out _));
            found.AddRange(
                page.GetProperty("items")
                    .EnumerateArray()
                    .Select(item => item.GetProperty("credential"))
                    .Select(item => (item.GetProperty("owner").GetProperty("id").GetString()!, item.GetProperty("id").GetString()!))
            );
            cursor = page.GetProperty("next_cursor").GetString();
        }

        Assert.Equal(expected.OrderBy(pair => pair.Owner, StringComparer.Ordinal).ThenBy(pair => pair.Id, StringComparer.Ordinal), found);
        foreach (var cursor in new[] { "x", $"{expected[0].Owner}", $"{expected[0].Id}.{expected[0].Owner}" })
            await admin.GetAsync($"{Path}?cursor={cursor}").ExpectFaultAsync("cursor");
        await admin.GetAsync($"{Path}?from=2099-01-02T00:00:00Z&to=2099-01-01T00:00:00Z").ExpectFaultAsync("from");
        await admin.GetAsync($"{Path}?from=2001-01-01T00:00:00Z").ExpectFaultAsync("from");
        await admin.GetAsync($"{Path}?format=xml").ExpectFaultAsync("format");
    }

    [Theory, BothEngines]
    public async Task As_csv_a_cell_is_no_formula_and_a_quote_ends_no_cell(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        string[] names = ["=1+1", "+1", "-1", "@SUM(A1)", "a \"quoted\", name", "plain"];
        foreach (var name in names)
            await admin.CreateApiKeyAsync(application.Id, new { name });
        var accept = new Dictionary<string, string> { ["Accept"] = "text/csv" };
        var csv = (await admin.SendAsync(HttpMethod.Get, $"{Path}?organization={organization}", null, accept)).Expect(200);
        Assert.Equal("text/csv; charset=utf-8", csv.Header("Content-Type"));
        Assert.Contains("credential-report.csv", csv.Header("Content-Disposition"), StringComparison.Ordinal);
        Assert.Equal(csv.Body, (await admin.GetAsync($"{Path}?organization={organization}&format=csv").Expect(200)).Body);
        var lines = csv.Body.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(names.Length + 1, lines.Length);
        Assert.StartsWith("owner_type,owner_id,owner_name,organization_id,id,kind,name,state,findings", lines[0], StringComparison.Ordinal);
        foreach (var escaped in new[] { "'=1+1", "'+1", "'-1", "'@SUM(A1)", "a \"\"quoted\"\", name", "plain" })
            Assert.Contains(lines, line => line.Contains(escaped, StringComparison.Ordinal));
        Assert.DoesNotContain(
            lines,
            line => line.Contains(",=", StringComparison.Ordinal) || line.Contains(",\"=", StringComparison.Ordinal)
        );
        (await admin.SendAsync(HttpMethod.Get, $"{Path}?format=json", null, accept)).Expect(200).Text("covers");
    }

    [Theory, BothEngines]
    public async Task Refusals_are_counted_by_reason_for_those_who_may_read_usage(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var key = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(organization)).Id);
        await admin.DeleteAsync($"/v1/api-keys/{key.Id}").Expect(204);
        Assert.Equal("revoked", (await admin.VerifyAsync(key.Secret)).Text("code"));
        JsonElement refusals;
        do
        {
            await Task.Delay(100); // counters are written every second
            refusals = (await admin.GetAsync($"{Path}?organization={organization}").Expect(200))
                .Json.GetProperty("summary")
                .GetProperty("refusals");
        } while (refusals.GetArrayLength() == 0);

        Assert.Equal(("revoked", 1), (refusals[0].GetProperty("code").GetString(), refusals[0].GetProperty("count").GetInt32()));
        var reader = await admin.CallerAsync("credentials:read");
        var summary = (await reader.Client.GetAsync($"{Path}?organization={organization}").Expect(200)).Json.GetProperty("summary");
        Assert.False(summary.TryGetProperty("refusals", out _));
    }

    [Theory, BothEngines]
    public async Task A_report_stays_within_the_reach_of_its_reader(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (organization, other) = (await admin.OrganizationAsync(), await admin.OrganizationAsync());
        var administrator = (await admin.AdministratorAsync(organization)).Client;
        await administrator.GetAsync($"{Path}?organization={organization}").Expect(200);
        var foreign = await administrator.GetAsync($"{Path}?organization={other}").Expect(404);
        var unknown = await administrator.GetAsync($"{Path}?organization=org_000000000000000000000A").Expect(404);
        Assert.Equal(unknown.Text("detail"), foreign.Text("detail"));
        await (await admin.CallerAsync("tokens:own", "applications:own")).Client.GetAsync(Path).Expect(403);
        await (await admin.MemberAsync(organization, [OrganizationCalls.OrganizationDeveloper])).Client.GetAsync(Path).Expect(403);
    }

    [Theory, BothEngines]
    public async Task The_page_shows_the_report_and_gives_the_file(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var key = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(organization)).Id, new { name = "in the report" });
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync(["rol_0000000000000000000001"])).Id);
        var page = (await browser.GetAsync($"/reports?organization={organization}")).Expect(200).Body;
        Assert.Contains($"credentials/{key.Id}", page, StringComparison.Ordinal);
        Assert.Contains("Who holds what", page, StringComparison.Ordinal);
        Assert.Contains(
            "Refusals by reason",
            (await browser.GetAsync($"/reports?organization={organization}")).Expect(200).Body,
            StringComparison.Ordinal
        );
        var file = (await browser.GetAsync($"/reports/credentials.csv?organization={organization}")).Expect(200);
        Assert.Contains("in the report", file.Body, StringComparison.Ordinal);
        Assert.StartsWith("text/csv", file.Header("Content-Type"), StringComparison.Ordinal);
        var refused = (await browser.GetAsync("/reports?from=yesterday&to=2099-01-01")).Expect(400).Body;
        Assert.Contains("must be a day such as 2099-01-31", refused, StringComparison.Ordinal);
        Assert.Contains("value=\"yesterday\"", refused, StringComparison.Ordinal);
        (await (await admin.BrowserOfAsync((await admin.CreateUserAsync([])).Id)).GetAsync("/reports")).Expect(403);
    }

    private static Dictionary<string, string[]> Findings(JsonElement report) =>
        report
            .GetProperty("items")
            .EnumerateArray()
            .ToDictionary(
                item => item.GetProperty("credential").GetProperty("id").GetString()!,
                item => item.GetProperty("findings").EnumerateArray().Select(finding => finding.GetString()!).ToArray(),
                StringComparer.Ordinal
            );
}
