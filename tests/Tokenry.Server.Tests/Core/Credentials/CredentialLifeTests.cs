using System.Globalization;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Credentials;

public sealed class CredentialLifeTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task It_works_until_the_instant_it_expires(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => new { expires_at = In(1.5) }).CreateAsync();
        var end = made.ApiKey.Response.Time("expires_at");
        while (true)
        {
            var before = DateTimeOffset.UtcNow;
            var code = await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier);
            var after = DateTimeOffset.UtcNow;
            if (after < end)
                Assert.Equal("valid", code);
            if (before >= end)
            {
                Assert.Equal("expired", code);
                break;
            }
        }
        Assert.Equal("expired", (await admin.GetAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(200)).Text("state"));
        await admin.With(made.ApiKey.Secret).GetAsync("/v1/me").Expect(401, "credential_expired");
    }

    [Theory, BothEngines]
    public async Task It_works_from_the_instant_it_is_scheduled_for(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => new { not_before = In(1) }).CreateAsync();
        Assert.Equal("scheduled", made.ApiKey.Response.Text("state"));
        Assert.Equal("not_yet_valid", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        await admin.With(made.ApiKey.Secret).GetAsync("/v1/me").Expect(401, "invalid_token");
        var start = made.ApiKey.Response.Time("not_before");
        await EventuallyAsync(
            async () =>
            {
                var code = await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier);
                Assert.True(code == "not_yet_valid" || DateTimeOffset.UtcNow >= start, code);
                return code == "valid";
            },
            "valid after not_before"
        );
        Assert.Equal("active", (await admin.GetAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(200)).Text("state"));
    }

    [Theory, BothEngines]
    public async Task Disabled_it_is_refused_by_the_next_check_and_enabled_it_works_again(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).PersonalAccessToken().ApiKey().CreateAsync();
        foreach (
            var (path, secret) in new[]
            {
                ($"/v1/tokens/{made.PersonalAccessToken.Id}", made.PersonalAccessToken.Secret),
                ($"/v1/applications/{made.Application.Id}/api-keys/{made.ApiKey.Id}", made.ApiKey.Secret),
            }
        )
        {
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal("disabled", (await admin.PostAsync(path + "/disable").Expect(200)).Text("state"));
                Assert.Equal("disabled", await admin.CodeAsync(secret, made.Api.Identifier));
                await admin.With(secret).GetAsync("/v1/me").Expect(401, "invalid_token");
                Assert.Equal("active", (await admin.PostAsync(path + "/enable").Expect(200)).Text("state"));
                Assert.Equal("valid", await admin.CodeAsync(secret, made.Api.Identifier));
            }
        }
    }

    [Theory, BothEngines]
    public async Task A_disabled_owner_disables_everything_it_owns(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).PersonalAccessToken().ApiKey().CreateAsync();
        foreach (
            var (owner, secret) in new[]
            {
                ($"/v1/users/{made.User.Id}", made.PersonalAccessToken.Secret),
                ($"/v1/applications/{made.Application.Id}", made.ApiKey.Secret),
            }
        )
        {
            await admin.PostAsync(owner + "/disable").Expect(200);
            Assert.Equal("owner_disabled", await admin.CodeAsync(secret, made.Api.Identifier));
            await admin.With(secret).GetAsync("/v1/me").Expect(401, "invalid_token");
            await admin.PostAsync(owner + "/enable").Expect(200);
            Assert.Equal("valid", await admin.CodeAsync(secret, made.Api.Identifier));
        }
        await admin.DeleteAsync($"/v1/users/{made.User.Id}").Expect(204);
        Assert.Equal("revoked", await admin.CodeAsync(made.PersonalAccessToken.Secret, made.Api.Identifier));
        var record = await admin.GetAsync($"/v1/tokens/{made.PersonalAccessToken.Id}").Expect(200);
        Assert.Equal("revoked", record.Text("state"));
    }

    [Theory, BothEngines]
    public async Task Revoked_it_keeps_its_record_with_the_first_reason(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var path = $"/v1/api-keys/{made.ApiKey.Id}";
        Assert.Equal("", (await admin.DeleteAsync(path + "?reason=leaked%20in%20a%20log").Expect(204)).Body);
        Assert.Equal("revoked", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        await admin.With(made.ApiKey.Secret).GetAsync("/v1/me").Expect(401, "invalid_token");

        await admin.DeleteAsync(path + "?reason=another").Expect(204);
        var record = await admin.GetAsync(path).Expect(200);
        Assert.Equal("revoked", record.Text("state"));
        Assert.Equal("leaked in a log", record.Text("revoked_reason"));
        Assert.InRange(record.Time("revoked_at"), made.ApiKey.Response.Time("created_at"), DateTimeOffset.UtcNow.AddSeconds(1));

        // For good.
        await admin.PostAsync(path + "/enable").Expect(409, "credential_not_active");
        await admin.PostAsync(path + "/disable").Expect(409, "credential_not_active");
        await admin.PatchAsync(path, new { name = "x" }).Expect(409, "credential_not_active");
        await admin.PostAsync(path + "/rotate", new { overlap_seconds = 0 }).Expect(409, "credential_not_active");

        var audit = await admin.GetAsync($"/v1/audit?target={made.ApiKey.Id}&action=api_key.revoked").Expect(200);
        Assert.Contains("\"reason\":\"leaked in a log\"", audit.Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_reason_has_at_most_200_clean_characters(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var path = $"/v1/api-keys/{made.ApiKey.Id}";
        await admin.DeleteAsync($"{path}?reason={new string('x', 201)}").ExpectFaultAsync("reason");
        await admin.DeleteAsync($"{path}?reason=a%0Ab").ExpectFaultAsync("reason");
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        await admin.DeleteAsync($"{path}?reason={new string('x', 200)}").Expect(204);
    }

    [Theory, BothEngines]
    public async Task Last_use_appears_within_seconds_with_address_and_agent(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var path = $"/v1/api-keys/{made.ApiKey.Id}";
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await admin.GetAsync(path)).Json.GetProperty("last_used").ValueKind);

        var start = DateTimeOffset.UtcNow.AddMilliseconds(-1);
        await admin
            .With(made.ApiKey.Secret)
            .GetAsync("/v1/me", headers: new Dictionary<string, string> { ["User-Agent"] = "probe/1.0 (x)" })
            .Expect(200);
        ApiResponse? record = null;
        await EventuallyAsync(
            async () =>
                (record = await admin.GetAsync(path)).Json.GetProperty("last_used").ValueKind != System.Text.Json.JsonValueKind.Null,
            "last used"
        );
        AssertMembers(record!.Json.GetProperty("last_used"), "at", "ip", "agent");
        Assert.Equal("127.0.0.1", record.Text("last_used.ip"));
        Assert.Equal("probe/1.0 (x)", record.Text("last_used.agent"));
        var at = DateTimeOffset.Parse(record.Text("last_used.at"), CultureInfo.InvariantCulture);
        Assert.InRange(at, start, DateTimeOffset.UtcNow);

        // At a door it is the address of the request that is asked about.
        await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, ip: "203.0.113.7");
        await EventuallyAsync(
            async () => (await admin.GetAsync(path)).Text("last_used.ip") == "203.0.113.7",
            "last used from the verified address"
        );
        // A refusal is no use.
        await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, ["invoices:none"], ip: "198.51.100.1");
        Assert.Equal("203.0.113.7", (await admin.GetAsync(path)).Text("last_used.ip"));
    }
}
