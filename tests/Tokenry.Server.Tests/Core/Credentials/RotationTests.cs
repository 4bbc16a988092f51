using System.Text.Json;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Credentials;

public sealed class RotationTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task With_an_overlap_both_secrets_work(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => new { metadata = new { a = 1 } }).CreateAsync();
        var path = $"/v1/api-keys/{made.ApiKey.Id}";
        var rotated = await admin.PostAsync(path + "/rotate", new { overlap_seconds = 30 }).Expect(200);
        var secret = rotated.Text("token");

        Assert.NotEqual(made.ApiKey.Secret, secret);
        Assert.Equal(made.ApiKey.Secret[..30], secret[..30]); // the same id
        foreach (var member in new[] { "id", "name", "kind", "created_at", "state" })
            Assert.Equal(made.ApiKey.Response.Text(member), rotated.Text(member));
        foreach (var member in new[] { "permissions", "objects", "metadata", "owner", "expires_at", "allowed_ips" })
            AssertJson(made.ApiKey.Response.Json.GetProperty(member).GetRawText(), rotated.Json.GetProperty(member));
        Assert.Equal($"tkr_key_…{secret[^4..]}", rotated.Text("masked"));
        var grace = rotated.Time("previous_expires_at") - DateTimeOffset.UtcNow;
        Assert.InRange(grace, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30));

        Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        Assert.Equal("valid", await admin.CodeAsync(secret, made.Api.Identifier));
        var shown = await admin.GetAsync(path).Expect(200);
        Assert.Equal(rotated.Text("previous_expires_at"), shown.Text("previous_expires_at"));
        Assert.DoesNotContain("\"token\"", shown.Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task Without_an_overlap_the_old_secret_is_refused_by_the_next_check(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).PersonalAccessToken().CreateAsync();
        var old = made.PersonalAccessToken.Secret;
        for (var i = 0; i < 3; i++)
        {
            var rotated = await admin
                .PostAsync($"/v1/tokens/{made.PersonalAccessToken.Id}/rotate", new { overlap_seconds = 0 })
                .Expect(200);
            Assert.Equal(JsonValueKind.Null, rotated.Json.GetProperty("previous_expires_at").ValueKind);
            Assert.Equal("revoked", await admin.CodeAsync(old, made.Api.Identifier));
            await admin.With(old).GetAsync("/v1/me").Expect(401, "invalid_token");
            old = rotated.Text("token");
            Assert.Equal("valid", await admin.CodeAsync(old, made.Api.Identifier));
        }
        Assert.Equal("revoked", await admin.CodeAsync(made.PersonalAccessToken.Secret, made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task An_overlap_that_is_ended_ends_for_the_next_check(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().PersonalAccessToken().CreateAsync();
        foreach (
            var (path, old) in new[]
            {
                ($"/v1/api-keys/{made.ApiKey.Id}", made.ApiKey.Secret),
                ($"/v1/tokens/{made.PersonalAccessToken.Id}", made.PersonalAccessToken.Secret),
            }
        )
        {
            // Without an overlap nothing changes, and the trail has nothing.
            var still = await admin.PostAsync(path + "/end-overlap").Expect(200);
            AssertJson(still.Body, (await admin.GetAsync(path).Expect(200)).Json);
            var rotated = await admin.PostAsync(path + "/rotate", new { overlap_seconds = 3600 }).Expect(200);
            Assert.Equal("valid", await admin.CodeAsync(old, made.Api.Identifier));
            var ended = await admin.PostAsync(path + "/end-overlap").Expect(200);
            Assert.Equal("revoked", await admin.CodeAsync(old, made.Api.Identifier));
            Assert.Equal("valid", await admin.CodeAsync(rotated.Text("token"), made.Api.Identifier));
            Assert.Equal(JsonValueKind.Null, ended.Json.GetProperty("previous_expires_at").ValueKind);
            Assert.DoesNotContain("\"token\"", ended.Body, StringComparison.Ordinal);
            await admin.PostAsync(path + "/end-overlap").Expect(200);
            var noun = ended.Text("kind");
            var events = (
                await admin.GetAsync($"/v1/audit?action={noun}.overlap_ended&target={ended.Text("id")}").Expect(200)
            ).Json.GetProperty("items");
            Assert.Equal(
                "previous_expires_at",
                Assert
                    .Single(Assert.Single(events.EnumerateArray()).GetProperty("changes").EnumerateArray())
                    .GetProperty("member")
                    .GetString()
            );
            await admin.DeleteAsync(path).Expect(204);
            await admin.PostAsync(path + "/end-overlap").Expect(409, "credential_not_active");
        }
    }

    [Theory, BothEngines]
    public async Task A_person_ends_an_overlap_on_the_page(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).PersonalAccessToken().CreateAsync();
        var browser = await admin.BrowserOfAsync(made.User.Id);
        var page = $"account/tokens/{made.PersonalAccessToken.Id}";
        Assert.DoesNotContain("/end-overlap", (await browser.GetAsync("/" + page)).Expect(200).Body, StringComparison.Ordinal);
        var rotated = await admin.PostAsync($"/v1/tokens/{made.PersonalAccessToken.Id}/rotate", new { overlap_seconds = 3600 }).Expect(200);
        (await browser.SendAsync(page, page + "/end-overlap")).Expect(303);
        Assert.Equal("revoked", await admin.CodeAsync(made.PersonalAccessToken.Secret, made.Api.Identifier));
        Assert.Equal("valid", await admin.CodeAsync(rotated.Text("token"), made.Api.Identifier));
        Assert.DoesNotContain("/end-overlap", (await browser.GetAsync("/" + page)).Expect(200).Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task The_overlap_ends_by_itself(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var rotated = await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 1 }).Expect(200);
        var end = rotated.Time("previous_expires_at");
        await EventuallyAsync(
            async () =>
            {
                var code = await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier);
                Assert.True(code == "valid" || (code == "revoked" && DateTimeOffset.UtcNow >= end), code);
                return code == "revoked";
            },
            "superseded"
        );
        Assert.Equal("valid", await admin.CodeAsync(rotated.Text("token"), made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task A_further_rotation_ends_the_oldest_secret_at_once(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var path = $"/v1/api-keys/{made.ApiKey.Id}/rotate";
        var second = (await admin.PostAsync(path, new { overlap_seconds = 3600 }).Expect(200)).Text("token");
        var third = (await admin.PostAsync(path, new { overlap_seconds = 3600 }).Expect(200)).Text("token");
        Assert.Equal("revoked", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        Assert.Equal("valid", await admin.CodeAsync(second, made.Api.Identifier));
        Assert.Equal("valid", await admin.CodeAsync(third, made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task During_the_overlap_the_record_says_whether_a_caller_still_uses_the_old_secret(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var path = $"/v1/api-keys/{made.ApiKey.Id}";
        await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, ip: "203.0.113.1"); // before the roll: no use of an old secret
        var second = (await admin.PostAsync(path + "/rotate", new { overlap_seconds = 3600 }).Expect(200)).Text("token");
        await UsedFromAsync(second, "203.0.113.2");
        Assert.Equal(JsonValueKind.Null, (await admin.GetAsync(path)).Json.GetProperty("previous_last_used").ValueKind);

        // Used after the old one, within the same second: one does not hide the other.
        await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, ip: "203.0.113.3");
        await UsedFromAsync(second, "203.0.113.4");
        await EventuallyAsync(
            async () => (await admin.GetAsync(path)).Json.GetProperty("previous_last_used").ValueKind == JsonValueKind.Object,
            "the use of the old secret"
        );
        var shown = await admin.GetAsync(path).Expect(200);
        AssertMembers(shown.Json.GetProperty("previous_last_used"), "at", "ip", "agent");
        Assert.Equal("203.0.113.3", shown.Text("previous_last_used.ip"));
        Assert.Equal("203.0.113.4", shown.Text("last_used.ip"));

        // The next roll makes another secret the old one, and without an overlap there is none.
        var third = await admin.PostAsync(path + "/rotate", new { overlap_seconds = 3600 }).Expect(200);
        Assert.Equal(JsonValueKind.Null, third.Json.GetProperty("previous_last_used").ValueKind);
        await admin.CodeAsync(second, made.Api.Identifier, ip: "203.0.113.5");
        await EventuallyAsync(
            async () =>
                (await admin.GetAsync(path)).Json.GetProperty("previous_last_used") is { ValueKind: JsonValueKind.Object } old
                && old.GetProperty("ip").GetString() == "203.0.113.5",
            "the use of the second secret"
        );
        var last = await admin.PostAsync(path + "/rotate", new { overlap_seconds = 0 }).Expect(200);
        Assert.Equal(JsonValueKind.Null, last.Json.GetProperty("previous_last_used").ValueKind);
        Assert.Equal(JsonValueKind.Null, (await admin.GetAsync(path)).Json.GetProperty("previous_last_used").ValueKind);

        async Task UsedFromAsync(string secret, string ip)
        {
            await admin.CodeAsync(secret, made.Api.Identifier, ip: ip);
            await EventuallyAsync(
                async () =>
                    (await admin.GetAsync(path)).Json.GetProperty("last_used") is { ValueKind: JsonValueKind.Object } use
                    && use.GetProperty("ip").GetString() == ip,
                ip
            );
        }
    }

    [Theory, BothEngines]
    public async Task A_client_secret_too_says_whether_its_old_secret_is_still_used(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var path = $"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}";
        await admin.PostAsync(path + "/rotate", new { overlap_seconds = 3600 }).Expect(200);
        await admin
            .With(null)
            .FormAsync("/oauth/token", [("grant_type", "client_credentials")], (made.Application.Id, made.ClientSecret.Secret))
            .Expect(200);
        await EventuallyAsync(
            async () => (await admin.GetAsync(path)).Json.GetProperty("previous_last_used").ValueKind == JsonValueKind.Object,
            "the use of the old client secret"
        );
    }

    [Theory, BothEngines]
    public async Task The_grace_never_passes_the_original_expiry(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => new { expires_at = In(600) }).CreateAsync();
        var rotated = await admin
            .PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 3600, expires_at = In(7200) })
            .Expect(200);
        Assert.Equal(made.ApiKey.Response.Text("expires_at"), rotated.Text("previous_expires_at"));
        Assert.True(rotated.Time("expires_at") > made.ApiKey.Response.Time("expires_at"));
    }

    [Theory]
    [BothEngines("{}", "overlap_seconds")]
    [BothEngines("{\"overlap_seconds\":null}", "overlap_seconds")]
    [BothEngines("{\"overlap_seconds\":-1}", "overlap_seconds")]
    [BothEngines("{\"overlap_seconds\":2592001}", "overlap_seconds")]
    [BothEngines("{\"overlap_seconds\":1.5}", "overlap_seconds")]
    [BothEngines("{\"overlap_seconds\":\"0\"}", "overlap_seconds")]
    [BothEngines("{\"overlap_seconds\":99999999999}", "overlap_seconds")]
    [BothEngines("{\"overlap_seconds\":0,\"expires_at\":\"2001-01-01T00:00:00Z\"}", "expires_at")]
    [BothEngines("{\"overlap_seconds\":0,\"expires_at\":\"later\"}", "expires_at")]
    [BothEngines("{\"overlap_seconds\":0,\"name\":\"x\"}", "name")]
    public async Task A_rotation_that_does_not_fit_changes_nothing(Engine engine, string body, string member)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var key = await admin.CreateApiKeyAsync(application.Id);
        await admin.PostAsync($"/v1/api-keys/{key.Id}/rotate", body).ExpectFaultAsync(member);
        Assert.Equal("valid", await admin.CodeAsync(key.Secret));
    }

    [Theory, BothEngines]
    public async Task The_longest_overlap_is_thirty_days(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var rotated = await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 2_592_000 }).Expect(200);
        Assert.InRange(rotated.Time("previous_expires_at") - DateTimeOffset.UtcNow, TimeSpan.FromDays(29.99), TimeSpan.FromDays(30));
    }

    [Theory, BothEngines]
    public async Task What_has_expired_is_renewed_only_with_a_new_expiry(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => new { expires_at = In(0.4) }).CreateAsync();
        var path = $"/v1/api-keys/{made.ApiKey.Id}/rotate";
        await EventuallyAsync(async () => await admin.CodeAsync(made.ApiKey.Secret) == "expired", "expired");

        await admin.PostAsync(path, new { overlap_seconds = 30 }).Expect(409, "credential_not_active");
        var renewed = await admin.PostAsync(path, new { overlap_seconds = 30, expires_at = In(600) }).Expect(200);
        Assert.Equal("active", renewed.Text("state"));
        Assert.Equal("valid", await admin.CodeAsync(renewed.Text("token"), made.Api.Identifier));
        // What had ended stays ended: the grace does not pass the original expiry.
        Assert.NotEqual("valid", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task What_is_disabled_or_revoked_cannot_be_rotated(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        foreach (
            var path in new[] { $"/v1/api-keys/{made.ApiKey.Id}", $"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}" }
        )
        {
            await admin.PostAsync(path + "/disable").Expect(200);
            await admin.PostAsync(path + "/rotate", new { overlap_seconds = 0 }).Expect(409, "credential_not_active");
            await admin.PostAsync(path + "/rotate", new { overlap_seconds = 0, expires_at = In(600) }).Expect(409, "credential_not_active");
            await admin.PostAsync(path + "/enable").Expect(200);
            await admin.PostAsync(path + "/rotate", new { overlap_seconds = 0 }).Expect(200);
            await admin.DeleteAsync(path).Expect(204);
            await admin.PostAsync(path + "/rotate", new { overlap_seconds = 0 }).Expect(409, "credential_not_active");
        }
    }

    [Theory, BothEngines]
    public async Task A_secret_superseded_long_ago_still_answers_revoked(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        for (var i = 0; i < 17; i++)
            await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        Assert.Equal("revoked", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
    }
}
