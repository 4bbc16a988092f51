using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Tokenry.Server.Tests.Composition;

/// <summary>D.6: a person who opens the address sees what it is; before, a bare 404.</summary>
public sealed partial class StartPageTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task It_says_what_this_is_and_every_link_leads_somewhere(Engine engine)
    {
        var anonymous = await servers.AnonymousAsync(engine);
        var page = await anonymous.GetAsync("/").Expect(200);
        Assert.Equal("text/html; charset=utf-8", page.Header("Content-Type"));
        Assert.Contains("API keys, personal access tokens and OAuth access tokens", page.Body, StringComparison.Ordinal);
        var links = Link().Matches(page.Body).Select(match => match.Groups["to"].Value).ToList();
        Assert.Contains("/openapi/v1.json", links);
        foreach (var link in links)
            await anonymous.GetAsync(link).Expect(200);
        await anonymous.GetAsync("/nothing-here").Expect(404, "not_found");
    }

    [Fact]
    public async Task Nothing_but_its_own_style_may_run_and_nobody_may_frame_it()
    {
        var page = await (await servers.AnonymousAsync(Engine.Sqlite)).GetAsync("/").Expect(200);
        var style = StyleElement().Match(page.Body).Groups["text"].Value;
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        Assert.Equal(
            $"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-{hash}'",
            page.Header("Content-Security-Policy")
        );
        Assert.Equal("no-referrer", page.Header("Referrer-Policy"));
        Assert.Equal("nosniff", page.Header("X-Content-Type-Options"));
        Assert.DoesNotContain("<script", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Behind_a_path_its_links_have_the_path()
    {
        var options = new ServerOptions
        {
            Settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tokenry:Issuer"] = "https://example.com/tokens" },
        };
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, options);
        var page = await server.Client().GetAsync("/tokens/").Expect(200);
        Assert.All(Link().Matches(page.Body), match => Assert.StartsWith("/tokens/", match.Groups["to"].Value, StringComparison.Ordinal));
    }

    [GeneratedRegex("href=\"(?<to>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();

    [GeneratedRegex("<style>(?<text>.*?)</style>", RegexOptions.ExplicitCapture | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StyleElement();
}
