using System.Collections.Concurrent;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.ApiResources;

/// <summary>Each row: a member, a JSON value it must not have. The rest of the body is right, so the fault must name that member.</summary>
public sealed class ApiResourceValidationTests(SharedServers servers)
{
    private const string TwoHundred =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

    // What no row may change; one for all of them.
    private static readonly ConcurrentDictionary<Engine, Lazy<Task<CreatedApi>>> Patched = new();

    [Theory]
    [BothEngines("name", "\"\"")]
    [BothEngines("name", "\"   \"")]
    [BothEngines("name", "\"" + TwoHundred + "x\"")]
    [BothEngines("name", "\"a\\r\\nSet-Cookie: x\"")]
    [BothEngines("name", "\"a\\u001b[31mred\"")]
    [BothEngines("name", "\"a\\u0000b\"")]
    [BothEngines("name", "\"a\\u007fb\"")]
    [BothEngines("name", "\"a\\u0085b\"")]
    [BothEngines("name", "\"a\\u2028b\"")]
    [BothEngines("name", "\"a\\u2029b\"")]
    [BothEngines("name", "\"a\\u202eb\"")]
    [BothEngines("name", "\"a\\u2066b\"")]
    [BothEngines("name", "\"a\\u200bb\"")]
    [BothEngines("name", "\"a\\ufeffb\"")]
    [BothEngines("name", "\"a\\ue000b\"")]
    [BothEngines("name", "null")]
    [BothEngines("name", "1")]
    [BothEngines("name", "[\"x\"]")]
    [BothEngines("identifier", "\"\"")]
    [BothEngines("identifier", "\"/relative\"")]
    [BothEngines("identifier", "\"api.example.com\"")]
    [BothEngines("identifier", "\"https://\"")]
    [BothEngines("identifier", "\"https://x.example.com/#fragment\"")]
    [BothEngines("identifier", "\"https://x.example.com/ space\"")]
    [BothEngines("identifier", "\" https://x.example.com\"")]
    [BothEngines("identifier", "\"https://x.example.com/\\\"\"")]
    [BothEngines("identifier", "\"https://x.example.com/\\\\\"")]
    [BothEngines("identifier", "\"https://x.example.com/\\n\"")]
    [BothEngines("identifier", "\"https://x.example.com/\\u0000\"")]
    [BothEngines("identifier", "\"https://ünicode.example.com\"")]
    [BothEngines("identifier", "\"https://аpi.example.com\"")]
    [BothEngines("identifier", "\"urn:tokenry:management\"")]
    [BothEngines("identifier", "\"urn:tokenry:mine\"")]
    [BothEngines("identifier", "\"URN:TOKENRY:mine\"")]
    [BothEngines("identifier", "\"urn:Tokenry:mine\"")]
    [BothEngines("identifier", "null")]
    [BothEngines("identifier", "7")]
    [BothEngines("scopes", "[{\"name\":\"with space\"}]")]
    [BothEngines("scopes", "[{\"name\":\"\"}]")]
    [BothEngines("scopes", "[{\"name\":\"quo\\\"te\"}]")]
    [BothEngines("scopes", "[{\"name\":\"back\\\\slash\"}]")]
    [BothEngines("scopes", "[{\"name\":\"ü\"}]")]
    [BothEngines("scopes", "[{\"name\":\"a\\u0000\"}]")]
    [BothEngines("scopes", "[{\"name\":\"" + TwoHundred + "x\"}]")]
    [BothEngines("scopes", "[{\"name\":\"a\"},{\"name\":\"a\"}]")]
    [BothEngines("scopes", "[{\"name\":\"a\",\"description\":\"x\\u202ey\"}]")]
    [BothEngines("scopes", "[{}]")]
    [BothEngines("scopes", "[null]")]
    [BothEngines("scopes", "{}")]
    [BothEngines("accepted_credentials", "[]")]
    [BothEngines("accepted_credentials", "[\"password\"]")]
    [BothEngines("accepted_credentials", "[\"api_key\",\"api_key\"]")]
    [BothEngines("accepted_credentials", "[\"client_secret\"]")]
    [BothEngines("accepted_credentials", "[null]")]
    [BothEngines("carriers", "[]")]
    [BothEngines("carriers", "[\"cookie\"]")]
    [BothEngines("carriers", "[\"Bearer\"]")]
    [BothEngines("carriers", "[\"header:\"]")]
    [BothEngines("carriers", "[\"header:a b\"]")]
    [BothEngines("carriers", "[\"header:Authorization\"]")]
    [BothEngines("carriers", "[\"header:X-Tokenry-Subject\"]")]
    [BothEngines("carriers", "[\"header:Host\"]")]
    [BothEngines("object_types", "[\"\"]")]
    [BothEngines("object_types", "[\"a:b\"]")]
    [BothEngines("object_types", "[\"a*\"]")]
    [BothEngines("object_types", "[\"1a\"]")]
    [BothEngines("object_types", "[\"a\",\"a\"]")]
    [BothEngines("objects_in_tokens", "\"yes\"")]
    [BothEngines("access_token_lifetime_seconds", "29")]
    [BothEngines("access_token_lifetime_seconds", "3601")]
    [BothEngines("access_token_lifetime_seconds", "-1")]
    [BothEngines("access_token_lifetime_seconds", "60.5")]
    [BothEngines("access_token_lifetime_seconds", "99999999999999999999")]
    [BothEngines("access_token_lifetime_seconds", "\"60\"")]
    [BothEngines("access_token_signing_alg", "\"\"")]
    [BothEngines("access_token_signing_alg", "\"none\"")]
    [BothEngines("access_token_signing_alg", "\"HS256\"")]
    [BothEngines("access_token_signing_alg", "\"PS256\"")]
    [BothEngines("access_token_signing_alg", "\"rs256\"")]
    [BothEngines("access_token_signing_alg", "\"RS256 \"")]
    [BothEngines("access_token_signing_alg", "256")]
    [BothEngines("access_token_signing_alg", "[\"RS256\"]")]
    [BothEngines("resource_servers", "[\"app_0000000000000000000000\"]")]
    [BothEngines("resource_servers", "[\"usr_0000000000000000000000\"]")]
    [BothEngines("resource_servers", "[\"\"]")]
    [BothEngines("resource_servers", "[null]")]
    [BothEngines("resource_servers", "[\"a\\u0000b\"]")] // PostgreSQL's text cannot hold it
    [BothEngines("resource_servers", "[\"'; DROP TABLE principals; --\"]")]
    [BothEngines("colour", "1")]
    [BothEngines("id", "\"res_0000000000000000000000\"")]
    [BothEngines("owner_id", "\"usr_0000000000000000000000\"")]
    public async Task A_member_that_does_not_fit_is_named(Engine engine, string member, string value)
    {
        var admin = await servers.AdminAsync(engine);
        var name = CreateRequests.Unique("fault");
        var body = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["identifier"] = $"\"https://{name}.example.com\"",
            ["name"] = $"\"{name}\"",
            [member] = value,
        };
        await admin.PostAsync("/v1/api-resources", Text(body)).ExpectFaultAsync(member);

        // The resulting object is judged at PATCH as well.
        var api = await Patched.GetOrAdd(engine, _ => new(() => admin.CreateApiAsync(["a"]))).Value;
        await admin.PatchAsync($"/v1/api-resources/{api.Id}", $"{{\"{member}\":{value}}}").ExpectFaultAsync(member);
        Assert.Equal(api.Response.Body, (await admin.GetAsync($"/v1/api-resources/{api.Id}").Expect(200)).Body);
    }

    [Theory, BothEngines]
    public async Task What_is_just_allowed_is_allowed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        await admin.CreateApiAsync(
            [TwoHundred, "!#[]~:/.*"],
            new
            {
                name = TwoHundred,
                access_token_lifetime_seconds = 30,
                carriers = new[] { "header:X" },
            }
        );
    }

    [Theory, BothEngines]
    public async Task All_faults_are_told_at_once(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var answer = await admin
            .PostAsync("/v1/api-resources", """{"identifier":"x","name":"","carriers":[],"access_token_lifetime_seconds":1}""")
            .Expect(400, "invalid_request");
        AssertMembers(answer.Json.GetProperty("errors"), "identifier", "name", "carriers", "access_token_lifetime_seconds");
    }

    private static string Text(Dictionary<string, string> members) =>
        "{" + string.Join(',', members.Select(pair => $"\"{pair.Key}\":{pair.Value}")) + "}";
}
