namespace Tokenry.Console.Tests;

/// <summary>The story that the console is for: a person makes a token, uses it, sees that, and revokes it.</summary>
public sealed class TokenStoryTests(SharedServers servers, Chromium chromium)
{
    [Theory, BothEngines]
    public async Task A_person_makes_a_token_with_two_scopes_and_one_object_uses_it_sees_it_tick_and_revokes_it(Engine engine)
    {
        var company = await Company.FoundAsync(servers, engine);
        await using var visit = await Visit.StartAsync(chromium, company.Person, new Look());
        var page = visit.Page;
        await page.ClickAsync("text=New token");
        await page.FillAsync("#name", "backup script");
        await page.CheckAsync("input[name=expires][value='7']");
        await page.CheckAsync($"input[value='{company.Api} invoices:read']");
        await page.CheckAsync($"input[value='{company.Api} payments:read']");
        await page.ClickAsync(".more summary");
        await page.FillAsync("#objects", "customer:acme");
        var summary = await page.InnerTextAsync(".summary");
        Assert.Contains("read invoices, read payments", summary, StringComparison.Ordinal);
        Assert.Contains("customer:acme", summary, StringComparison.Ordinal);
        await page.ClickAsync("text=Create token");

        await page.ClickAsync("[data-copy=secret]");
        var secret = await page.InnerTextAsync("#secret");
        Assert.Equal(secret, await page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        Assert.Contains("Waiting", await page.InnerTextAsync(".waiting"), StringComparison.Ordinal);
        var verified = await VerifyAsync(company, secret);
        Assert.True(verified.Json.GetProperty("valid").GetBoolean(), verified.Body);
        await page.WaitForSelectorAsync(".waiting.done");
        Assert.Contains("First used", await page.InnerTextAsync(".waiting"), StringComparison.Ordinal);

        await page.ClickAsync("text=Open its page");
        await page.WaitForSelectorAsync("h1 >> text=backup script");
        var token = (await company.Admin.GetAsync($"/v1/users/{company.Person.Id}/tokens")).Expect(200).Json.GetProperty("items")[0];
        Assert.Equal("customer:acme", token.GetProperty("objects")[0].GetString());
        Assert.Equal(2, token.GetProperty("permissions")[0].GetProperty("scopes").GetArrayLength());

        // It is used, so its name has to be typed.
        await page.FillAsync("#confirm", "something else");
        await page.ClickAsync(".danger button");
        await page.WaitForSelectorAsync("#confirm-help.fault");
        Assert.True((await VerifyAsync(company, secret)).Json.GetProperty("valid").GetBoolean());
        await page.FillAsync("#confirm", "backup script");
        await page.ClickAsync(".danger button");
        await page.WaitForSelectorAsync(".state.revoked");
        Assert.False((await VerifyAsync(company, secret)).Json.GetProperty("valid").GetBoolean());
    }

    [Theory, BothEngines]
    public async Task Without_a_script_a_token_is_made_rolled_and_revoked(Engine engine)
    {
        var company = await Company.FoundAsync(servers, engine);
        await using var visit = await Visit.StartAsync(chromium, company.Person, new Look(), script: false);
        var page = visit.Page;
        await page.ClickAsync("text=New token");
        await page.FillAsync("#name", "plain");
        await page.CheckAsync($"input[value='{company.Api} invoices:read']");
        await page.ClickAsync("text=Create token");
        var first = await page.InnerTextAsync("#secret");
        await page.ClickAsync("text=Open its page");
        await page.ClickAsync("summary >> text=Roll");
        await page.CheckAsync("input[name=overlap][value='0']");
        await page.ClickAsync("text=Make a new secret");
        var second = await page.InnerTextAsync("#secret");
        Assert.NotEqual(first, second);
        Assert.False((await VerifyAsync(company, first)).Json.GetProperty("valid").GetBoolean());
        await page.ClickAsync("text=Open its page");
        await page.ClickAsync(".danger button");
        await page.WaitForSelectorAsync(".state.revoked");
        Assert.False((await VerifyAsync(company, second)).Json.GetProperty("valid").GetBoolean());
    }

    [Theory, BothEngines]
    public async Task A_link_fills_the_form_says_so_and_shows_what_is_not_available(Engine engine)
    {
        var company = await Company.FoundAsync(servers, engine);
        await using var visit = await Visit.StartAsync(chromium, company.Person, new Look());
        var page = visit.Page;
        await visit.OpenAsync(
            $"account/tokens/new?name=ci&api={Uri.EscapeDataString(company.Api)}&scopes=invoices:read+rockets:launch&objects=customer:acme&expires_in=90d"
        );
        Assert.Equal("ci", await page.InputValueAsync("#name"));
        Assert.True(await page.IsCheckedAsync($"input[value='{company.Api} invoices:read']"));
        Assert.True(await page.IsCheckedAsync("input[value='90']"));
        Assert.Equal("customer:acme", await page.InputValueAsync("#objects"));
        Assert.Equal("rockets:launch", await page.InnerTextAsync("s"));
        Assert.True(await page.IsVisibleAsync(".note"));
        Assert.Empty(
            (await company.Admin.GetAsync($"/v1/users/{company.Person.Id}/tokens")).Expect(200).Json.GetProperty("items").EnumerateArray()
        );
    }

    private static async Task<ApiResponse> VerifyAsync(Company company, string token) =>
        (
            await company.Admin.PostAsync(
                "/v1/verify",
                new
                {
                    token,
                    api = company.Api,
                    scopes = new[] { "invoices:read" },
                }
            )
        ).Expect(200);
}
