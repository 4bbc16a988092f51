namespace Tokenry.Console.Tests;

/// <summary>Debian's Chromium, one for all tests; each person has a context of their own: cookies, size, theme.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Program = "/usr/bin/chromium";

    private IPlaywright? playwright;
    private IBrowser? browser;

    public async ValueTask InitializeAsync()
    {
        Assert.True(File.Exists(Program), $"{Program} is missing; ./test installs it");
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(
            new()
            {
                ExecutablePath = Program,
                Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
                Env = new Dictionary<string, string> { ["LANG"] = "C.UTF-8" },
            }
        );
    }

    public Task<IBrowserContext> NewAsync(Look look, bool script = true) =>
        browser!.NewContextAsync(
            new()
            {
                ViewportSize = new() { Width = look.Width, Height = look.Width < 500 ? 760 : 900 },
                ColorScheme = look.IsDark ? ColorScheme.Dark : ColorScheme.Light,
                JavaScriptEnabled = script,
                Locale = look.Language,
                Permissions = ["clipboard-read", "clipboard-write"],
                ReducedMotion = ReducedMotion.Reduce,
            }
        );

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        playwright?.Dispose();
    }
}

/// <summary>How a page is looked at.</summary>
public sealed record Look(int Width = 1440, bool IsDark = false, string Language = "en")
{
    public override string ToString() => $"{Width} {(IsDark ? "dark" : "light")} {Language}";
}
