using System.Text.Json;

namespace Tokenry.Console.Tests;

/// <summary>A person at a browser, signed in. Notes what no page may do: break the policy, fail in a script, ask another host.</summary>
public sealed class Visit : IAsyncDisposable
{
    private readonly List<string> faults = [];
    private readonly IBrowserContext context;

    private Visit(IBrowserContext context, IPage page, string address)
    {
        (this.context, Page, Address) = (context, page, address);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" && !message.Text.Contains("status of 4", StringComparison.Ordinal))
            {
                faults.Add(message.Text);
            }
        };
        page.PageError += (_, error) => faults.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(address, StringComparison.Ordinal))
            {
                faults.Add($"asked {request.Url}");
            }
        };
    }

    public IPage Page { get; }

    public string Address { get; }

    /// <summary>Opens a browser and signs in.</summary>
    public static async Task<Visit> StartAsync(Chromium chromium, Person person, Look look, bool script = true)
    {
        var visit = await OpenSignInAsync(chromium, person, look, script);
        await visit.Page.WaitForURLAsync("**/account/tokens");
        return visit;
    }

    /// <summary>Opens a browser and sends the password. A second factor may be asked for next.</summary>
    public static async Task<Visit> OpenSignInAsync(Chromium chromium, Person person, Look look, bool script = true)
    {
        var browser = await chromium.NewAsync(look, script);
        var page = await browser.NewPageAsync();
        page.SetDefaultTimeout(15_000);
        var visit = new Visit(browser, page, person.Address);
        await visit.OpenAsync("sign-in?return=/account/tokens");
        await page.FillAsync("input[name=name]", person.Email);
        await page.FillAsync("input[name=password]", person.Password);
        await page.ClickAsync("main form button");
        return visit;
    }

    public Task OpenAsync(string path) => Page.GotoAsync($"{Address}/{path}");

    /// <summary>Chooses a look by the cookies that the page itself sets.</summary>
    public Task ChooseAsync(string cookie, string value) =>
        context.AddCookiesAsync([
            new()
            {
                Name = cookie,
                Value = value,
                Url = Address,
            },
        ]);

    /// <summary>What axe-core finds on the page; empty is the goal.</summary>
    public async Task<IReadOnlyList<string>> AxeAsync()
    {
        // Playwright evaluates outside the policy of the page.
        await Page.EvaluateAsync(
            await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests/interop/node_modules/axe-core/axe.min.js"))
        );
        var found = await Page.EvaluateAsync<JsonElement>("axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations)");
        return
        [
            .. found
                .EnumerateArray()
                .SelectMany(rule =>
                    rule.GetProperty("nodes")
                        .EnumerateArray()
                        .Select(node => $"{rule.GetProperty("id")}: {node.GetProperty("html")} {node.GetProperty("failureSummary")}")
                ),
        ];
    }

    /// <summary>How many pixels the page is wider than the window.</summary>
    public Task<int> OverflowAsync() =>
        Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        Assert.Empty(faults);
    }
}

/// <summary>A user who can sign in.</summary>
public sealed record Person(string Address, string Id, string Email, string Password);
