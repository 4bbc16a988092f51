using System.Collections.Concurrent;
using System.Net.Http.Headers;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Credentials;

/// <summary>Each row: a member of a credential, a JSON value it must not have; refused by name at create and at PATCH.</summary>
public sealed class CredentialValidationTests(SharedServers servers)
{
    private static readonly ConcurrentDictionary<Engine, Lazy<Task<Created>>> Patched = new();

    [Theory]
    [BothEngines("name", "\"\"")]
    [BothEngines("name", "null")]
    [BothEngines("name", "\"a\\r\\nb\"")]
    [BothEngines("name", "\"a\\u001b]0;x\"")]
    [BothEngines("name", "\"a\\u2028b\"")]
    [BothEngines("name", "\"a\\u202eb\"")]
    [BothEngines("name", "\"a\\u0000b\"")]
    [BothEngines("permissions", "[{\"api\":\"https://unregistered.example.com\",\"scopes\":[\"a\"]}]")]
    [BothEngines("permissions", "[{\"api\":\"urn:tokenry:management\",\"scopes\":[\"no:such\"]}]")]
    [BothEngines("permissions", "[{\"api\":\"urn:tokenry:management\"}]")]
    [BothEngines("permissions", "[null]")]
    [BothEngines("permissions", "true")]
    [BothEngines("objects", "[]")]
    [BothEngines("objects", "[\"\"]")]
    [BothEngines("objects", "[\"repo\"]")]
    [BothEngines("objects", "[\"repo:\"]")]
    [BothEngines("objects", "[\":x\"]")]
    [BothEngines("objects", "[\"repo:a*b\"]")]
    [BothEngines("objects", "[\"repo:**\"]")]
    [BothEngines("objects", "[\"*\"]")]
    [BothEngines("objects", "[\"repo:a b\"]")]
    [BothEngines("objects", "[\"repo:a\\n\"]")]
    [BothEngines("objects", "[null]")]
    [BothEngines("objects", "\"repo:a\"")]
    [BothEngines("expires_at", "\"tomorrow\"")]
    [BothEngines("expires_at", "\"2099-01-01\"")]
    [BothEngines("expires_at", "\"2099-01-01T00:00:00\"")]
    [BothEngines("expires_at", "\"2099-02-30T00:00:00Z\"")]
    [BothEngines("expires_at", "4102444800")]
    [BothEngines("expires_at", "\"\"")]
    [BothEngines("not_before", "\"soon\"")]
    [BothEngines("not_before", "\"9999-12-31T23:59:59Z\"")] // after any expiry
    [BothEngines("allowed_ips", "[]")]
    [BothEngines("allowed_ips", "[\"localhost\"]")]
    [BothEngines("allowed_ips", "[\"10.0.0.0/33\"]")]
    [BothEngines("allowed_ips", "[\"10.0.0.256\"]")]
    [BothEngines("allowed_ips", "[\"\"]")]
    [BothEngines("allowed_ips", "[null]")]
    [BothEngines("allowed_ips", "\"10.0.0.0/8\"")]
    [BothEngines("metadata", "[]")]
    [BothEngines("metadata", "\"x\"")]
    [BothEngines("metadata", "1")]
    [BothEngines("metadata", "{\"a\":\"\\ud800\"}")]
    [BothEngines("metadata", "{\"\\udfff\":1}")]
    [BothEngines("metadata", "{\"a\":[{\"b\":\"x\\ud800\"}]}")]
    [BothEngines("state", "\"active\"")]
    [BothEngines("masked", "\"x\"")]
    [BothEngines("token", "\"tkr_pat_x\"")]
    public async Task A_member_that_does_not_fit_is_named(Engine engine, string member, string value)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Patched
            .GetOrAdd(
                engine,
                _ => new(() => Scenario.On(admin).User(_ => new { password = (string?)null }).PersonalAccessToken().CreateAsync())
            )
            .Value;
        var name = member == "name" ? "" : "\"name\":\"x\",";
        await admin.PostAsync($"/v1/users/{made.User.Id}/tokens", $"{{{name}\"{member}\":{value}}}").ExpectFaultAsync(member);
        var path = $"/v1/tokens/{made.PersonalAccessToken.Id}";
        var before = (await admin.GetAsync(path).Expect(200)).Body;
        await admin.PatchAsync(path, $"{{\"{member}\":{value}}}").ExpectFaultAsync(member);
        Assert.Equal(before, (await admin.GetAsync(path).Expect(200)).Body);
    }

    [Theory, BothEngines]
    public async Task A_new_credential_must_not_have_expired_already(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var past in new[] { In(-1), "2001-01-01T00:00:00Z", "0001-01-01T00:00:00Z" })
            await admin.PostAsync("/v1/me/tokens", new { name = "x", expires_at = past }).ExpectFaultAsync("expires_at");
    }

    [Theory, BothEngines]
    public async Task Metadata_is_a_JSON_object_of_at_most_4096_bytes_given_back_as_it_came(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var collection = $"/v1/applications/{application.Id}/api-keys";
        var fits = $"{{\"a\":\"{new string('x', 4088)}\"}}";
        await admin.PostAsync(collection, $"{{\"name\":\"x\",\"metadata\":{fits}}}").Expect(201);
        await admin.PostAsync(collection, $"{{\"name\":\"x\",\"metadata\":{fits.Insert(6, "x")}}}").ExpectFaultAsync("metadata");
        await admin.PostAsync(collection, """{"name":"x","metadata":{"a":1,"a":2}}""").Expect(400, "invalid_request");

        const string Odd = """{"nul":"\u0000","emoji":"😀","pair":"\ud83d\ude00","number":1e400,"deep":[[[[[[[[]]]]]]]],"":null}""";
        var created = await admin.PostAsync(collection, $"{{\"name\":\"x\",\"metadata\":{Odd}}}").Expect(201);
        AssertJson(Odd, created.Json.GetProperty("metadata"));
        AssertJson(Odd, (await admin.GetAsync($"/v1/api-keys/{created.Text("id")}").Expect(200)).Json.GetProperty("metadata"));
        AssertJson(Odd, (await admin.VerifyAsync(created.Text("token")).Expect(200)).Json.GetProperty("metadata"));
    }

    [Theory, BothEngines]
    public async Task Metadata_as_deep_as_a_body_may_be_can_still_be_listed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var collection = $"/v1/applications/{application.Id}/api-keys";
        var deep = $"{{\"a\":{new string('[', 14)}{new string(']', 14)}}}"; // 16 with the body's own
        var headers = new Dictionary<string, string> { ["Idempotency-Key"] = "deep" };
        await admin.PostAsync(collection, $"{{\"name\":\"x\",\"metadata\":{deep}}}", headers).Expect(201);
        await admin.PostAsync(collection, $"{{\"name\":\"x\",\"metadata\":{deep}}}", headers).Expect(201);
        var listed = await admin.GetAsync(collection).Expect(200);
        AssertJson(deep, listed.Json.GetProperty("items")[0].GetProperty("metadata"));
    }

    [Theory, BothEngines]
    public async Task Metadata_that_is_not_UTF_8_is_a_400(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var bad in new byte[][] { [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80] })
        {
            using var content = new ByteArrayContent([.. "{\"name\":\"x\",\"metadata\":{\"a\":\""u8, .. bad, .. "\"}}"u8])
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            };
            await admin.PostAsync("/v1/me/tokens", content).Expect(400, "invalid_request");
        }
    }

    [Theory, BothEngines]
    public async Task Patch_keeps_what_is_absent_and_clears_what_is_null(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a", "b")
            .Role()
            .ApiKey(made => new
            {
                permissions = new[] { At(made.Api.Identifier, "a") },
                objects = new[] { "repo:x" },
                expires_at = "2099-01-01T00:00:00Z",
                not_before = "2020-01-01T00:00:00Z",
                allowed_ips = new[] { "10.0.0.0/8" },
                metadata = new { a = 1 },
            })
            .CreateAsync();
        var path = $"/v1/api-keys/{made.ApiKey.Id}";
        var before = await admin.GetAsync(path).Expect(200);
        Assert.Equal(before.Body, (await admin.PatchAsync(path, "{}").Expect(200)).Body);

        var renamed = await admin.PatchAsync(path, new { name = "renamed" }).Expect(200);
        Assert.Equal(before.Body.Replace($"\"{before.Text("name")}\"", "\"renamed\"", StringComparison.Ordinal), renamed.Body);

        var cleared = await admin
            .PatchAsync(
                path,
                """{"permissions":"owner","objects":null,"expires_at":null,"not_before":null,"allowed_ips":null,"metadata":null}""",
                new Dictionary<string, string> { ["Content-Type"] = "application/merge-patch+json" }
            )
            .Expect(200);
        foreach (var member in new[] { "objects", "expires_at", "not_before", "allowed_ips", "metadata" })
            Assert.Equal(System.Text.Json.JsonValueKind.Null, cleared.Json.GetProperty(member).ValueKind);
        Assert.Equal("renamed", cleared.Text("name"));
        Assert.Equal(before.Text("masked"), cleared.Text("masked"));
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, ["a", "b"]));
    }
}
