namespace Tokenry.Server.Tests.Features.Account;

/// <summary>The page for a holder without an account: what it tells about a key, and what the holder does with it.</summary>
public sealed class HolderPagesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_holder_sees_a_key_rolls_it_and_revokes_it_and_no_page_repeats_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["invoices:read"]);
        var application = await admin.CreateApplicationAsync(
            [],
            new { permissions = new[] { new { api = api.Identifier, scopes = new[] { "invoices:read" } } } }
        );
        var key = await admin.CreateApiKeyAsync(application.Id);
        var browser = new Browser(admin.Address);
        var shown = (await browser.SendAsync("k", "k", ("token", $" {key.Secret}\n"))).Expect(200);
        Assert.Contains("API key", shown.Body, StringComparison.Ordinal);
        Assert.Contains("invoices:read", shown.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(key.Secret, shown.Body, StringComparison.Ordinal);
        Assert.Equal("no-store", shown.Header("Cache-Control"));

        // Without a session the page that was answered to the form has the same token as the page before.
        var form = await browser.HiddenAsync("/k", "k");
        var rolled = (await browser.PostAsync("/k/roll", [.. form, ("token", key.Secret), ("overlap", "3600")])).Expect(200);
        Assert.DoesNotContain(key.Secret, rolled.Body, StringComparison.Ordinal);
        var next = rolled.Body.Split("id=\"secret\" tabindex=\"0\">")[1].Split('<')[0];
        (await browser.PostAsync("/k", [.. form, ("token", key.Secret)])).Expect(200);
        (await browser.PostAsync("/k/revoke", [.. form, ("token", next)])).Expect(200);
        var ended = (await browser.PostAsync("/k", [.. form, ("token", next)])).Expect(403);
        Assert.Contains("This is not a valid credential", ended.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(next, ended.Body, StringComparison.Ordinal);
        await admin.With(next).GetAsync("/v1/me").Expect(401);
        await admin.With(key.Secret).GetAsync("/v1/me").Expect(401);
    }

    [Theory, BothEngines]
    public async Task What_is_no_key_is_answered_alike_and_a_report_ends_a_key_without_saying_so(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var key = await admin.CreateApiKeyAsync(application.Id);
        var disabled = await admin.CreateApiKeyAsync(application.Id);
        await admin.PostAsync($"/v1/api-keys/{disabled.Id}/disable").Expect(200);
        var secret = await admin.CreateClientSecretAsync(application.Id);
        var browser = new Browser(admin.Address);
        var form = await browser.HiddenAsync("/k", "k");
        var faults = new HashSet<string>(StringComparer.Ordinal);
        foreach (var token in new[] { "", "x", key.Secret[..^1] + "0", disabled.Secret, secret.Secret })
        {
            var answer = (await browser.PostAsync("/k", [.. form, ("token", token)])).Expect(403);
            faults.Add(answer.Body.Split("role=\"alert\">")[1].Split("</p>")[0]);
        }

        Assert.Single(faults);
        var known = (await browser.PostAsync("/k/report", [.. form, ("token", key.Secret)])).Expect(200);
        var unknown = (await browser.PostAsync("/k/report", [.. form, ("token", "tkr_key_garbage")])).Expect(200);
        Assert.Equal(Words(unknown.Body), Words(known.Body));
        await admin.With(key.Secret).GetAsync("/v1/me").Expect(401);
        Assert.Equal("reported as leaked", (await admin.GetAsync($"/v1/api-keys/{key.Id}").Expect(200)).Text("revoked_reason"));
    }

    private static string Words(string page) => page.Split("<main")[1].Split("</main>")[0];
}
