using System.Buffers.Text;
using System.Text.Json;

namespace Tokenry.Server.Tests.Features.ApiKeys;

/// <summary>The life of an API key's signing key: shown once, new with each rotation, good as long as the secret beside it.</summary>
public sealed class RequestSigningTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_signing_key_is_shown_once(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Application().CreateAsync();
        var path = $"/v1/applications/{made.Application.Id}/api-keys";
        var retry = new Dictionary<string, string> { ["Idempotency-Key"] = "signing-" + made.Application.Id };
        var body = new { name = "signs", request_signing = "required" };
        var created = await admin.PostAsync(path, body, retry).Expect(201);
        var signingKey = created.Text("signing_key");
        Assert.Equal(32, Base64Url.DecodeFromChars(signingKey).Length);
        Assert.Equal(signingKey, (await admin.PostAsync(path, body, retry).Expect(201)).Text("signing_key"));
        var shown = await admin.GetAsync($"/v1/api-keys/{created.Text("id")}").Expect(200);
        Assert.Equal("required", shown.Text("request_signing"));
        Assert.False(shown.Json.TryGetProperty("signing_key", out _));
        var listed = await admin.GetAsync(path).Expect(200);
        Assert.DoesNotContain(signingKey, listed.Body, StringComparison.Ordinal);

        foreach (var none in new object[] { new { name = "bare" }, new { name = "bare", request_signing = "none" } })
        {
            var bare = await admin.PostAsync(path, none).Expect(201);
            Assert.Equal("none", bare.Text("request_signing"));
            Assert.False(bare.Json.TryGetProperty("signing_key", out _));
        }

        var anonymous = await admin
            .PostAsync(
                path,
                new
                {
                    name = "counts",
                    anonymous = true,
                    request_signing = "optional",
                }
            )
            .Expect(201);
        Assert.NotEqual(signingKey, anonymous.Text("signing_key"));
    }

    [Theory, BothEngines]
    public async Task Only_API_keys_have_one_and_only_three_words_are_known(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Application().User().CreateAsync();
        var with = new { name = "x", request_signing = "optional" };
        var refused = await admin.PostAsync($"/v1/users/{made.User.Id}/tokens", with).Expect(400, "invalid_request");
        Assert.Contains("\"request_signing\":[\"is for API keys\"]", refused.Body, StringComparison.Ordinal);
        await admin.PostAsync($"/v1/applications/{made.Application.Id}/secrets", with).Expect(400, "invalid_request");
        foreach (var word in new[] { "Optional", "", "yes" })
            await admin
                .PostAsync($"/v1/applications/{made.Application.Id}/api-keys", new { name = "x", request_signing = word })
                .Expect(400, "invalid_request");
    }

    [Theory, BothEngines]
    public async Task A_rotation_makes_another_and_the_old_one_has_the_secrets_grace(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var before = RequestSigner.Of(made.ApiKey);
        var rotated = await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 600 }).Expect(200);
        Assert.NotEqual(made.ApiKey.Response.Text("signing_key"), rotated.Text("signing_key"));
        var after = RequestSigner.Of(made.ApiKey.Id, rotated.Text("signing_key"));
        Assert.Equal("valid", await CodeAsync(admin, made, before));
        Assert.Equal("valid", await CodeAsync(admin, made, after));

        var again = await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        Assert.Equal("revoked", await CodeAsync(admin, made, before));
        Assert.Equal("revoked", await CodeAsync(admin, made, after));
        Assert.Equal("valid", await CodeAsync(admin, made, RequestSigner.Of(made.ApiKey.Id, again.Text("signing_key"))));
        // Beside a live secret a superseded key proves nothing.
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, before, again.Text("token")));

        var bare = await admin.CreateApiKeyAsync(made.Application.Id);
        var still = await admin.PostAsync($"/v1/api-keys/{bare.Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        Assert.False(still.Json.TryGetProperty("signing_key", out _));
    }

    [Theory, BothEngines]
    public async Task Whether_it_must_sign_may_change_and_whether_it_can_may_not(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var path = $"/v1/api-keys/{made.ApiKey.Id}";
        Assert.Equal("required", (await admin.PatchAsync(path, new { request_signing = "required" }).Expect(200)).Text("request_signing"));
        // What another PATCH does not say stays.
        Assert.Equal("required", (await admin.PatchAsync(path, new { name = "other" }).Expect(200)).Text("request_signing"));
        Assert.Equal("valid", await CodeAsync(admin, made, RequestSigner.Of(made.ApiKey)));
        Assert.Equal("optional", (await admin.PatchAsync(path, new { request_signing = "optional" }).Expect(200)).Text("request_signing"));
        await admin.PatchAsync(path, new { request_signing = "none" }).Expect(400, "invalid_request");
        await admin.PatchAsync(path, new { request_signing = (string?)null }).Expect(400, "invalid_request");
        var bare = await admin.CreateApiKeyAsync(made.Application.Id);
        await admin.PatchAsync($"/v1/api-keys/{bare.Id}", new { request_signing = "none" }).Expect(200);
        await admin.PatchAsync($"/v1/api-keys/{bare.Id}", new { request_signing = "required" }).Expect(400, "invalid_request");
        var token = await admin.CreatePersonalAccessTokenAsync((await admin.GetAsync("/v1/me").Expect(200)).Text("subject"));
        await admin.PatchAsync($"/v1/tokens/{token.Id}", new { request_signing = "optional" }).Expect(400, "invalid_request");
        Assert.Equal(
            JsonValueKind.Undefined,
            token.Response.Json.EnumerateObject().FirstOrDefault(m => m.Name == "request_signing").Value.ValueKind
        );
    }

    private static async Task<string> CodeAsync(ApiClient admin, Created made, RequestSigner signer, string? token = null)
    {
        var uri = made.Api.Identifier + "/v1/invoices";
        var body = new Dictionary<string, object>
        {
            ["api"] = made.Api.Identifier,
            ["method"] = "GET",
            ["proof"] = new { uri, headers = signer.Sign("GET", uri) },
        };
        if (token is not null)
            body["token"] = token;
        return (await admin.PostAsync("/v1/verify", body).Expect(200)).Text("code");
    }

    private async Task<(ApiClient Admin, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        return (admin, await Scenario.On(admin).ApiKey(_ => new { request_signing = "optional" }).CreateAsync());
    }
}
