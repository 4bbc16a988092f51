using Tokenry.Server.Platform.Http;
using Tokenry.Server.Tests.Contracts;

namespace Tokenry.Server.Tests.Features.SignIn;

/// <summary>
/// Every form of every page, as a forged request would send it: from another site, without the token of a page, with the token of another session, and with
/// a session that has ended. Nothing changes, and the page says why.
/// </summary>
public sealed class FormTests(SharedServers servers)
{
    private static readonly (string, string)[] Fields =
    [
        ("name", "unknown-person@example.com"),
        ("password", "other words than before"),
        ("again", "other words than before"),
        ("id", "ses_000000000000000000000A"),
        ("code", new string('A', 43)),
    ];

    [Fact]
    public async Task Every_post_of_a_page_is_a_form()
    {
        var pages = (await Route.AllAsync()).Where(route => route is { IsPage: true, Method: not "GET" }).ToList();
        Assert.True(pages.Count >= 7);
        Assert.All(pages, route => Assert.True(route is { Method: "POST", IsForm: true }, route.ToString()));
        Assert.DoesNotContain(await Route.AllAsync(), route => route is { IsForm: true, IsPage: false });
    }

    [Theory, BothEngines]
    public async Task A_forged_form_changes_nothing_and_the_page_says_why(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        var other = new Browser(server.Address);
        (await other.SignInAsync(user.Email)).Expect(303);
        var own = (await browser.HiddenAsync("/account/security", "/sign-out"))[0];
        var foreignToken = (await other.HiddenAsync("/account/security", "/sign-out"))[0];
        var ended = new Browser(server.Address);
        (await ended.SignInAsync(user.Email)).Expect(303);
        var endedToken = (await ended.HiddenAsync("/account/security", "/sign-out"))[0];
        var kept = ended.Copy();
        (await ended.SubmitAsync("/account/security", "/sign-out", [])).Expect(303);
        var before = await EventsAsync(admin);
        var forms = (await Route.AllAsync()).Where(route => route.IsForm).ToList();
        Assert.NotEmpty(forms);
        foreach (var route in forms)
        {
            await RefusedAsync(route, [own, .. Fields], [("Origin", "https://evil.example.com")], "Another site sent this form.");
            await RefusedAsync(route, [own, .. Fields], [("Origin", "null")], "Another site sent this form.");
            await RefusedAsync(route, [own, .. Fields], [("Origin", "")], "Another site sent this form.");
            await RefusedAsync(route, [own, .. Fields], [("Origin", server.Address + ".evil.example.com")], "Another site sent this form.");
            await RefusedAsync(route, [own, .. Fields], [("Sec-Fetch-Site", "cross-site")], "Another site sent this form.");
            await RefusedAsync(route, [own, .. Fields], [("Sec-Fetch-Site", "same-site")], "Another site sent this form.");
            await RefusedAsync(route, Fields, [], "The form is of another session or browser");
            await RefusedAsync(route, [(own.Name, "garbage"), .. Fields], [], "The form is of another session or browser");
            await RefusedAsync(route, [foreignToken, .. Fields], [], "The form is of another session or browser");
            var late = await kept.Copy().PostAsync(route.Path, [endedToken, .. Fields]);
            if (route.Access.Kind == RouteAuthentication.Session)
            {
                Assert.Equal((route.Path, 303), (route.Path, late.Status));
                Assert.StartsWith("/sign-in?return=", late.Header("Location"), StringComparison.Ordinal);
                var page = await new Browser(server.Address).GetAsync(late.Header("Location")!);
                Assert.Contains("Your session has ended, so nothing was changed.", page.Body, StringComparison.Ordinal);
            }
            else
            {
                late.Expect(403);
            }
        }

        Assert.Equal(before, await EventsAsync(admin));
        (await browser.GetAsync("/account/security")).Expect(200);
        (await other.GetAsync("/account/security")).Expect(200);

        async Task RefusedAsync(Route route, IEnumerable<(string, string)> fields, (string Name, string Value)[] headers, string why)
        {
            var answer = await browser
                .Copy()
                .PostAsync(route.Path, fields, headers.ToDictionary(header => header.Name, header => header.Value));
            Assert.True(answer.Status == 403, $"{route} {why} {string.Join(' ', headers)}: {answer.Status} {answer.Body}");
            Assert.Contains(why, answer.Body, StringComparison.Ordinal);
            Assert.Contains("Nothing was changed.", answer.Body, StringComparison.Ordinal);
            Assert.StartsWith("text/html", answer.Header("Content-Type"), StringComparison.Ordinal);
        }
    }

    [Theory, BothEngines]
    public async Task What_is_no_form_is_refused_as_it_is_elsewhere(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var route in (await Route.AllAsync()).Where(route => route is { IsForm: true, Access.Kind: RouteAuthentication.Public }))
        {
            var origin = new Dictionary<string, string> { ["Origin"] = admin.Address };
            var json = await admin.With(null).PostAsync(route.Path, new { name = "x" }, origin);
            json.Expect(400, "invalid_request");
            using var multipart = new MultipartFormDataContent { { new StringContent("x"), "name" } };
            (await admin.With(null).SendAsync(HttpMethod.Post, route.Path, multipart, origin)).Expect(400, "invalid_request");
            using var broken = new StringContent("name=%zz", System.Text.Encoding.ASCII, "application/x-www-form-urlencoded");
            (await admin.With(null).SendAsync(HttpMethod.Post, route.Path, broken, origin)).Expect(400, "invalid_request");
            using var large = new FormUrlEncodedContent([new("name", new string('x', 70_000))]);
            (await admin.With(null).SendAsync(HttpMethod.Post, route.Path, large, origin)).Expect(413, "body_too_large");
        }
    }

    [Theory, BothEngines]
    public async Task Pages_run_nothing_of_others_and_stand_in_no_frame(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([])).Id);
        foreach (var path in new[] { "/sign-in", "/sign-in/link", "/sign-in/confirm", "/account/security", "/invitation" })
        {
            var page = await (path == "/sign-in" ? new Browser(admin.Address) : browser).GetAsync(path);
            Assert.Contains("frame-ancestors 'none'", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
            Assert.Equal("no-store", page.Header("Cache-Control"));
            Assert.DoesNotContain("<script>", page.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("style=", page.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("onclick", page.Body, StringComparison.Ordinal);
        }
    }

    [Theory, BothEngines]
    public async Task A_name_that_is_markup_is_shown_as_text(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        const string name = "\"><script>alert(1)</script><b x='";
        var user = await admin.CreateUserAsync([], new { name });
        var browser = await admin.BrowserOfAsync(user.Id);
        foreach (var path in new[] { "/account/security", "/sign-in/confirm" })
        {
            var page = (await browser.GetAsync(path)).Expect(200);
            Assert.DoesNotContain("<script>", page.Body, StringComparison.Ordinal);
            Assert.Contains("&lt;script", page.Body, StringComparison.Ordinal);
        }

        var typed = await new Browser(admin.Address).SignInAsync(name, "x");
        Assert.DoesNotContain("<script>", typed.Body, StringComparison.Ordinal);
    }

    private static async Task<string> EventsAsync(ApiClient admin) =>
        string.Join(
            '\n',
            (await admin.GetAsync("/v1/audit?limit=100").Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Where(row => row.GetProperty("result").GetString() == "success")
                // Not what the test itself brings about at each full minute: the administrator's token lives for a day, of which the server warns, and
                // reads of the trail.
                .Where(row => row.GetProperty("action").GetString() is not ("credential.due" or "audit.listed"))
                .Select(row => row.GetProperty("id").GetString())
        );
}
