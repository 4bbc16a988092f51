using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>No record and no audit event keeps a credential that somebody pasted: what people write is refused with one, and a reason is redacted.</summary>
public sealed class SecretsInRecordsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task No_member_of_any_request_takes_a_credential_string(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var secret = (await Scenario.On(admin).ApiKey().CreateAsync()).ApiKey.Secret;
        var document = JsonNode.Parse((await admin.GetAsync("/openapi/v1.json").Expect(200)).Body)!;
        var asked = 0;
        foreach (var route in (await Route.OfCallersAsync()).Where(route => !route.Path.StartsWith("/v1/verify", StringComparison.Ordinal)))
        {
            var operation = document["paths"]![route.Path]?[route.Method.ToLowerInvariant()];
            var reference = (string?)operation?["requestBody"]?["content"]?["application/json"]?["schema"]?["$ref"];
            if (reference is null)
                continue;
            var members = document["components"]!["schemas"]![reference.Split('/')[^1]]!["properties"]!
                .AsObject()
                .Select(member => member.Key);
            foreach (var member in members.Where(member => member != "reason"))
            {
                foreach (
                    var value in new JsonNode[]
                    {
                        secret,
                        $"see {secret}, please",
                        new JsonObject { ["deep"] = new JsonArray("x", $"a_{secret}") },
                        new JsonObject { [secret] = 1 },
                    }
                )
                {
                    var call = Call.To(route, Target.Nobody);
                    var body = call.Body is null
                        ? new JsonObject()
                        : JsonSerializer.SerializeToNode(call.Body, call.Body.GetType())!.AsObject();
                    body[member] = value;
                    var refused = await (call with { Body = body.ToJsonString() }).SendAsync(admin);
                    refused.Expect(400, "invalid_request");
                    Assert.True(refused.Json.GetProperty("errors").TryGetProperty(member, out _), $"{route} {member}: {refused.Body}");
                    Assert.DoesNotContain(secret, refused.Body, StringComparison.Ordinal);
                    asked++;
                }
            }
        }

        Assert.True(asked > 200, $"only {asked} members");
    }

    [Theory, BothEngines]
    public async Task A_reason_is_kept_without_the_credential_in_it_wherever_it_is_given(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ApiKey().PersonalAccessToken().CreateAsync();
        var secret = made.ApiKey.Secret;
        var reason = $"leaked: {secret} is in a log";
        var query = $"?reason={Uri.EscapeDataString(reason)}";
        var key = await admin.CreateApiKeyAsync(made.Application.Id);
        var other = await admin.CreateApplicationAsync([]);
        await admin.DeleteAsync($"/v1/api-keys/{made.ApiKey.Id}{query}").Expect(204);
        await admin.PostAsync($"/v1/credentials/{key.Id}/descendants/revoke", new { reason }).Expect(200);
        await admin.PostAsync($"/v1/applications/{made.Application.Id}/revoke-all", new { reason }).Expect(200);
        await admin.PostAsync($"/v1/users/{made.User.Id}/revoke-all", new { reason }).Expect(200);
        await admin.DeleteAsync($"/v1/applications/{other.Id}{query}").Expect(204);
        await admin.DeleteAsync($"/v1/users/{made.User.Id}{query}").Expect(204);
        var signing = (await admin.GetAsync("/v1/signing-keys?state=active").Expect(200)).Json.GetProperty("items")[0];
        await admin.PostAsync($"/v1/signing-keys/{signing.GetProperty("id").GetString()}/taint", new { reason }).Expect(200);

        Assert.Equal(
            "leaked: tkr_*** is in a log",
            (await admin.GetAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(200)).Text("revoked_reason")
        );
        var audit = await admin.GetAsync("/v1/audit?limit=100").Expect(200);
        Assert.Equal(
            [
                "api_key.revoked",
                "application.credentials_revoked",
                "application.deleted",
                "credential.descendants_revoked",
                "personal_access_token.revoked",
                "signing_key.tainted",
                "user.credentials_revoked",
                "user.deleted",
            ],
            audit
                .Json.GetProperty("items")
                .EnumerateArray()
                .Where(row => row.GetProperty("reason").GetString()?.Contains("tkr_***", StringComparison.Ordinal) is true)
                .Select(row => row.GetProperty("action").GetString()!)
                .Distinct()
                .Order(StringComparer.Ordinal)
        );
        foreach (var path in new[] { "/v1/audit?limit=100", "/v1/credentials?limit=100", $"/v1/credentials/{made.ApiKey.Id}/uses" })
            Assert.DoesNotContain(secret, (await admin.GetAsync(path).Expect(200)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tkr_key_")]
    [InlineData("my_key_is_secret")]
    [InlineData("tkr_key_00000000000000000000000000000000000000000000000000000000000000000000000")] // the checksum does not fit
    [InlineData("________________________________________________________________________________________________________")]
    public void What_is_no_credential_is_not_taken_for_one(string text) => Assert.False(CredentialsInText.HasOne(text));

    [Theory]
    [InlineData("{0}")]
    [InlineData("x{0}x")]
    [InlineData("a_b_{0}")]
    [InlineData("https://example.com/?key={0}&x=1")]
    public void A_credential_is_found_anywhere_in_a_text(string around)
    {
        var secret = Tokenry.Protocol.Credentials.CredentialString.Create("tkr", "key", 42);
        Assert.True(CredentialsInText.HasOne(string.Format(null, System.Text.CompositeFormat.Parse(around), secret.Reveal())));
    }
}
