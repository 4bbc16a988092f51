using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Applications;

public sealed class ClientSecretsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_client_secret_is_told_once_and_takes_what_it_may(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var collection = $"/v1/applications/{application.Id}/secrets";
        var self = await admin.GetAsync("/v1/me").Expect(200);
        var (me, with) = (self.Text("subject"), self.Text("credential_id"));
        var created = await admin
            .PostAsync(
                collection,
                """{"name":"prod","expires_at":"2099-01-01T00:00:00Z","not_before":"2098-01-01T01:00:00+01:00","allowed_ips":["10.0.0.0/8","::1"],"rate_limits":null,"metadata":{"a":[1,null]}}"""
            )
            .Expect(201);
        var secret = created.Text("client_secret");
        Assert.Equal($"{collection}/{created.Text("id")}", created.Header("Location"));
        Assert.Matches("^tkr_sec_[0-9A-Za-z]{71}$", secret);
        AssertJson(
            $$"""
            {"id":"{{created.Text("id")}}","kind":"client_secret","name":"prod","masked":"tkr_sec_…{{secret[^4..]}}",
             "owner":{"type":"application","id":"{{application.Id}}"},"organization_id":null,"permissions":null,"objects":null,
             "created_at":"{{created.Text(
                "created_at"
            )}}","created_by":"{{me}}","created_with":"{{with}}","expires_at":"2099-01-01T00:00:00Z","rotate_every_days":null,"due_at":"2099-01-01T00:00:00Z",
             "not_before":"2098-01-01T00:00:00Z","allowed_ips":["10.0.0.0/8","::1"],"rate_limits":null,"metadata":{"a":[1,null]},"state":"scheduled","weaknesses":[],
             "revoked_at":null,"revoked_reason":null,"last_used":null,"previous_expires_at":null,"previous_last_used":null,"client_secret":"{{secret}}"}
            """,
            created.Json
        );
        var shown = await admin.GetAsync(created.Header("Location")!).Expect(200);
        Assert.DoesNotContain("client_secret\":", shown.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, shown.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, (await admin.GetAsync(collection).Expect(200)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [BothEngines("permissions", "[]")]
    [BothEngines("permissions", "[{\"api\":\"urn:tokenry:management\",\"scopes\":[\"verify\"]}]")]
    [BothEngines("objects", "[\"repo:a\"]")]
    [BothEngines("anonymous", "true")]
    [BothEngines("anonymous", "false")]
    [BothEngines("client_secret", "\"mine\"")]
    public async Task A_client_secret_has_no_rights_of_its_own(Engine engine, string member, string value)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Application().ClientSecret().CreateAsync();
        var collection = $"/v1/applications/{made.Application.Id}/secrets";
        await admin.PostAsync(collection, $"{{\"name\":\"x\",\"{member}\":{value}}}").ExpectFaultAsync(member);
        await admin.PatchAsync($"{collection}/{made.ClientSecret.Id}", $"{{\"{member}\":{value}}}").ExpectFaultAsync(member);
    }

    [Theory, BothEngines]
    public async Task A_secret_of_another_kind_or_application_is_not_found_here(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        var other = await admin.CreateApplicationAsync([]);
        await admin.GetAsync($"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}").Expect(200);
        await admin.GetAsync($"/v1/applications/{other.Id}/secrets/{made.ClientSecret.Id}").Expect(404, "not_found");
        await admin.GetAsync($"/v1/applications/{made.Application.Id}/secrets/{made.ApiKey.Id}").Expect(404, "not_found");
        await admin.GetAsync($"/v1/applications/{made.Application.Id}/api-keys/{made.ClientSecret.Id}").Expect(404, "not_found");
        await admin.GetAsync($"/v1/api-keys/{made.ClientSecret.Id}").Expect(404, "not_found");
        await admin.GetAsync($"/v1/tokens/{made.ApiKey.Id}").Expect(404, "not_found");
        await admin.DeleteAsync($"/v1/applications/{other.Id}/api-keys/{made.ApiKey.Id}").Expect(404, "not_found");
        await admin.PostAsync($"/v1/tokens/{made.ApiKey.Id}/rotate", new { overlap_seconds = 0 }).Expect(404, "not_found");
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
    }
}
