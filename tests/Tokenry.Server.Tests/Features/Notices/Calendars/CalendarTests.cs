using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Tokenry.Server.Tests.Features.Organizations;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Notices.Calendars;

public sealed partial class CalendarTests(SharedServers servers)
{
    private static readonly string End = new DateTimeOffset(2099, 1, 31, 12, 0, 0, TimeSpan.Zero).ToString(
        "O",
        CultureInfo.InvariantCulture
    );

    [Theory, BothEngines]
    public async Task A_program_reads_when_the_credentials_of_a_person_expire(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (_, own) = await PersonAsync(admin);
        Assert.False((await own.GetAsync("/v1/me/calendar").Expect(200)).Json.GetProperty("exists").GetBoolean());
        var token = await TokenAsync(own, "deploy, nightly");
        var path = await MakeAsync(own);

        var read = await admin.With(null).GetAsync(path).Expect(200);
        Assert.Equal("text/calendar; charset=utf-8", read.Header("Content-Type"));
        Assert.Equal("private, no-cache", read.Header("Cache-Control"));
        var what = Assert.Single(Events(read), text => text.Contains(token, StringComparison.Ordinal));
        Assert.Contains($"UID:{token}.expires@127.0.0.1\n", what, StringComparison.Ordinal);
        Assert.Contains("SEQUENCE:0\n", what, StringComparison.Ordinal);
        Assert.Contains("DTSTART:20990131T120000Z\n", what, StringComparison.Ordinal);
        Assert.Contains("SUMMARY:deploy\\, nightly expires\n", what, StringComparison.Ordinal);
        Assert.Contains($"/account/tokens/{token}\n", what, StringComparison.Ordinal);

        var now = (await own.GetAsync("/v1/me/calendar").Expect(200)).Json;
        Assert.True(now.GetProperty("exists").GetBoolean());
        Assert.False(now.TryGetProperty("url", out _));
    }

    [Theory, BothEngines]
    public async Task An_event_keeps_its_UID_and_counts_its_changes(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (_, own) = await PersonAsync(admin);
        var token = await TokenAsync(own, "deploy");
        var path = await MakeAsync(own);
        var first = Event(await admin.With(null).GetAsync(path), token);
        await own.PatchAsync($"/v1/me/tokens/{token}", new { expires_at = "2099-03-01T00:00:00Z" }).Expect(200);
        var second = Event(await admin.With(null).GetAsync(path), token);

        Assert.Equal(Value(first, "UID"), Value(second, "UID"));
        Assert.Equal("20990301T000000Z", Value(second, "DTSTART"));
        Assert.Equal("1", Value(second, "SEQUENCE"));
        Assert.True(string.CompareOrdinal(Value(first, "DTSTAMP"), Value(second, "DTSTAMP")) <= 0);
        Assert.Equal(Value(second, "DTSTAMP"), Value(second, "LAST-MODIFIED"));

        await own.PostAsync($"/v1/me/tokens/{token}/rotate", new { overlap_seconds = 60 }).Expect(200);
        Assert.Equal("2", Value(Event(await admin.With(null).GetAsync(path), token), "SEQUENCE"));
        await own.DeleteAsync($"/v1/me/tokens/{token}").Expect(204);
        Assert.DoesNotContain(token, (await admin.With(null).GetAsync(path).Expect(200)).Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_rotation_that_is_due_is_an_event_besides_the_expiry(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (user, own) = await PersonAsync(admin);
        var application = await admin.CreateApplicationAsync([]);
        await admin.PostAsync($"/v1/applications/{application.Id}/transfer", new { owner = user }).Expect(200);
        var key = (await admin.CreateApiKeyAsync(application.Id, new { rotate_every_days = 30, expires_at = End })).Id;
        var events = Events(await admin.With(null).GetAsync(await MakeAsync(own)));
        Assert.Contains(events, text => text.Contains($"UID:{key}.due@", StringComparison.Ordinal));
        Assert.Contains(events, text => text.Contains($"UID:{key}.expires@", StringComparison.Ordinal));
    }

    [Theory, BothEngines]
    public async Task A_program_that_has_it_gets_304_until_something_changes(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (_, own) = await PersonAsync(admin);
        var path = await MakeAsync(own);
        var program = admin.With(null);
        var tag = (await program.GetAsync(path).Expect(200)).Header("ETag")!;
        var known = new Dictionary<string, string> { ["If-None-Match"] = $"\"other\", W/{tag}" };
        var unchanged = await program.GetAsync(path, headers: known);
        Assert.Equal((304, ""), (unchanged.Status, unchanged.Body));
        Assert.Equal(tag, unchanged.Header("ETag"));
        await TokenAsync(own, "new");
        Assert.NotEqual(tag, (await program.GetAsync(path, headers: known).Expect(200)).Header("ETag"));
    }

    [Theory, BothEngines]
    public async Task A_new_address_ends_the_old_and_turning_off_ends_it_too(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (user, own) = await PersonAsync(admin);
        var program = admin.With(null);
        var old = await MakeAsync(own);
        var path = await MakeAsync(own);
        var unknown = await ShapeAsync(program, "/calendar/nothing");
        Assert.Equal(unknown, await ShapeAsync(program, old));
        Assert.Equal(unknown, await ShapeAsync(program, $"/calendar/{new string('A', 43)}.ics"));
        await program.GetAsync(path).Expect(200);

        await admin.PostAsync($"/v1/users/{user}/disable").Expect(200);
        Assert.Equal(unknown, await ShapeAsync(program, path));
        await admin.PostAsync($"/v1/users/{user}/enable").Expect(200);
        await program.GetAsync(path).Expect(200);

        await own.DeleteAsync("/v1/me/calendar").Expect(204);
        await own.DeleteAsync("/v1/me/calendar").Expect(204);
        Assert.Equal(unknown, await ShapeAsync(program, path));
        var browser = new Dictionary<string, string> { ["Accept"] = "text/html" };
        Assert.Equal(
            Masked(await program.GetAsync("/calendar/nothing", headers: browser)),
            Masked(await program.GetAsync(path, headers: browser))
        );
    }

    [Theory, BothEngines]
    public async Task What_a_token_made_has_no_dates_of_organizations_and_ends_with_the_token(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var (user, own) = await PersonAsync(admin);
        await admin.AdministratorAsync(organization); // so that the person is not the last one
        await admin.JoinAsync(organization, user, OrganizationCalls.OrganizationAdministrator).Expect(200);
        var application = await admin.ApplicationOfAsync(organization);
        var key = (await admin.CreateApiKeyAsync(application.Id, new { expires_at = End })).Id;
        var other = (
            await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(await admin.OrganizationAsync())).Id, new { expires_at = End })
        ).Id;

        var maker = await admin.CreatePersonalAccessTokenAsync(user, NoticesTests.Own);
        var narrow = await MakeAsync(admin.With(maker.Secret));
        Assert.DoesNotContain(key, (await admin.With(null).GetAsync(narrow).Expect(200)).Body, StringComparison.Ordinal);
        await admin.DeleteAsync($"/v1/tokens/{maker.Id}").Expect(204);
        await admin.With(null).GetAsync(narrow).Expect(404);

        var browser = await admin.BrowserOfAsync(user);
        var page = await browser.SendAsync("account/notices", "account/notices/calendar").Expect(200);
        var wide = AddressOnPage().Match(WebUtility.HtmlDecode(page.Body)).Value;
        var read = (await admin.With(null).GetAsync(wide).Expect(200)).Body;
        Assert.Contains(key, read, StringComparison.Ordinal);
        Assert.DoesNotContain(other, read, StringComparison.Ordinal);
        await admin.ReplaceAsync(organization, user, OrganizationCalls.OrganizationMember).Expect(200);
        Assert.DoesNotContain(key, (await admin.With(null).GetAsync(wide).Expect(200)).Body, StringComparison.Ordinal);
        await browser.SendAsync("account/notices", "account/notices/calendar/end").Expect(303);
        await admin.With(null).GetAsync(wide).Expect(404);
    }

    [Theory, BothEngines]
    public async Task The_secret_is_in_no_log_and_not_in_the_store(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(
            engine,
            new ServerOptions
            {
                Settings = new Dictionary<string, string?>
                {
                    ["Logging:LogLevel:Default"] = "Trace",
                    ["Logging:LogLevel:Microsoft"] = "Trace",
                    ["Logging:LogLevel:Microsoft.AspNetCore"] = "Trace",
                },
            }
        );
        var admin = await server.AdminAsync();
        var (_, own) = await PersonAsync(admin);
        var ended = await MakeAsync(own);
        var path = await MakeAsync(own);
        var program = server.Client();
        await program.GetAsync(path).Expect(200);
        await program.GetAsync($"{path}?x=1").Expect(200);
        await program.GetAsync(ended).Expect(404);
        await program.PostAsync(path).Expect(405);
        await own.GetAsync(path).Expect(200);
        var secrets = new[] { ended, path }.Select(address => address["/calendar/".Length..^".ics".Length]).ToList();
        string[] told =
        [
            .. server.StandardOutput,
            .. server.StandardError,
            (await program.GetAsync("/metrics")).Body,
            (await admin.GetAsync("/v1/audit?limit=200").Expect(200)).Body,
            (await admin.GetAsync("/v1/access-log?limit=200").Expect(200)).Body,
        ];
        Assert.All(secrets, secret => Assert.DoesNotContain(told, text => text.Contains(secret, StringComparison.Ordinal)));
        Assert.NotEmpty(server.StandardOutput);
        if (engine == Engine.Sqlite)
        {
            await server.StopAsync();
            foreach (var file in Directory.EnumerateFiles(server.DataDirectory))
            {
                var content = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
                Assert.All(secrets, secret => Assert.DoesNotContain(secret, content, StringComparison.Ordinal));
            }
        }
    }

    private static async Task<(string User, ApiClient Own)> PersonAsync(ApiClient admin)
    {
        var user = (await admin.CreateUserAsync([], new { password = (string?)null })).Id;
        var token = await admin.CreatePersonalAccessTokenAsync(
            user,
            new { permissions = new[] { At(Management, "tokens:own") }, expires_at = (string?)null }
        );
        return (user, admin.With(token.Secret));
    }

    private static async Task<string> TokenAsync(ApiClient own, string name) =>
        (
            await own.PostAsync(
                    "/v1/me/tokens",
                    new
                    {
                        name,
                        expires_at = End,
                        permissions = Array.Empty<object>(),
                    }
                )
                .Expect(201)
        ).Text("id");

    /// <summary>Makes a calendar.</summary>
    /// <returns>Its path.</returns>
    private static async Task<string> MakeAsync(ApiClient own)
    {
        var url = (await own.PostAsync("/v1/me/calendar").Expect(200)).Text("url");
        return AddressOnPage().Match(url).Value;
    }

    private static string[] Events(ApiResponse read) =>
        [
            .. read.Expect(200)
                .Body.Replace("\r\n ", "", StringComparison.Ordinal)
                .Replace("\r\n", "\n", StringComparison.Ordinal)
                .Split("BEGIN:VEVENT\n")
                .Skip(1),
        ];

    private static string Event(ApiResponse read, string id) =>
        Assert.Single(Events(read), text => text.Contains($"UID:{id}.", StringComparison.Ordinal));

    private static string Value(string what, string name) =>
        what.Split('\n').Single(line => line.StartsWith($"{name}:", StringComparison.Ordinal))[(name.Length + 1)..];

    private static async Task<string> ShapeAsync(ApiClient program, string path) => Masked((await program.GetAsync(path)).Expect(404));

    /// <summary>An answer without what differs from request to request.</summary>
    private static string Masked(ApiResponse answer) =>
        string.Join('\n', answer.Status, answer.Header("Content-Type"), answer.Header("Cache-Control"), answer.Header("ETag"))
        + Differs().Replace(answer.Body, "");

    [GeneratedRegex(
        "req_[A-Za-z0-9]+|name=\"form_token\" value=\"[^\"]*\"|name=\"return\" value=\"[^\"]*\"|href=\"[^\"]*#main\"",
        RegexOptions.NonBacktracking
    )]
    private static partial Regex Differs();

    [GeneratedRegex("/calendar/[A-Za-z0-9_-]{43}\\.ics", RegexOptions.NonBacktracking)]
    private static partial Regex AddressOnPage();
}
