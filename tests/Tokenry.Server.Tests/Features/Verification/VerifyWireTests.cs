using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Protocol.Api;
using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>
/// The answers of <c>/v1/verify</c> are written by hand. What is described and what clients read are the records, so each answer is read as
/// its record and written again: the same bytes, or the two have drifted apart.
/// </summary>
public sealed class VerifyWireTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Every_refusal_is_its_record(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { object_types = new[] { "repo" } }, "b", "a", "c")
            .Role("a", "b")
            .Application()
            .ApiKey(_ => new { objects = new[] { "repo:acme/*" }, allowed_ips = new[] { "10.0.0.0/8" } })
            .ClientSecret()
            .CreateAsync();
        var (api, app) = (made.Api.Identifier, made.Application.Id);
        var token = made.ApiKey.Secret;
        const string Ip = "10.0.0.1";
        await ExpectAsync("malformed", new { token = "x", api });
        await ExpectAsync("unknown", new { token = "tkr_key_02x5WlL3bRI7WJsw0Y1MYl003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2fe0b3" });
        await ExpectAsync("ip_not_allowed", new { token, api });
        await ExpectAsync("insufficient_scope", Asking(token, ["c", "a", "none"], "repo:acme/web"), "reason", "missing_scopes");
        await ExpectAsync("insufficient_scope", Asking(token, ["c", "a"], "repo:acme/web"), "missing_scopes");
        await ExpectAsync("object_not_allowed", Asking(token, ["a"], "repo:other"));
        await ExpectAsync("wrong_api", new { token, api = "https://unregistered.example.com" }, "reason");
        await ExpectAsync("credential_kind_not_accepted", new { token = made.ClientSecret.Secret });
        await ExpectAsync("credential_kind_not_accepted", new { token = made.ClientSecret.Secret, api }, "accepted_credentials");
        await ExpectAsync("expired", new { token = await ChangedKeyAsync(new { expires_at = In(-5) }), api }, "expired_at");
        await ExpectAsync("not_yet_valid", new { token = await ChangedKeyAsync(new { not_before = In(600) }), api });
        await ExpectAsync(
            "rate_limited",
            new
            {
                token = await UsedUpKeyAsync(
                    new
                    {
                        name = "daily",
                        limit = 1,
                        window_seconds = 86_400,
                    }
                ),
                api,
            },
            "rate_limit"
        );
        await ExpectAsync(
            "quota_exceeded",
            new
            {
                token = await UsedUpKeyAsync(
                    new
                    {
                        name = "monthly",
                        limit = 1,
                        period = "month",
                    }
                ),
                api,
            },
            "rate_limit"
        );
        if (engine == Engine.Postgres)
            await ExpectAsync("proof_required", new { token = await BoundTokenAsync(), api });

        var ended = await admin.CreateApiKeyAsync(app);
        await admin.PostAsync($"/v1/api-keys/{ended.Id}/disable").Expect(200);
        await ExpectAsync("disabled", new { token = ended.Secret, api });
        await admin.DeleteAsync($"/v1/api-keys/{ended.Id}").Expect(204);
        await ExpectAsync("revoked", new { token = ended.Secret, api });
        await admin.PostAsync($"/v1/applications/{app}/disable").Expect(200);
        await ExpectAsync("owner_disabled", new { token, api });

        object Asking(string presented, string[] scopes, string @object) =>
            new
            {
                token = presented,
                api,
                scopes,
                @object,
                ip = Ip,
            };

        async Task ExpectAsync(string code, object request, params string[] besides)
        {
            var answer = await AskAsync(admin, request);
            string[] members = ["valid", "code", .. besides];
            Assert.Equal(code, answer.Text("code"));
            Assert.Equal(members, answer.Json.EnumerateObject().Select(member => member.Name));
            Assert.Equal(Again<VerifyRefusal>(answer.Body), answer.Body);
        }

        async Task<string> ChangedKeyAsync(object change)
        {
            var key = await admin.CreateApiKeyAsync(app);
            await admin.PatchAsync($"/v1/api-keys/{key.Id}", change).Expect(200);
            return key.Secret;
        }

        async Task<string> UsedUpKeyAsync(object limit)
        {
            var key = await admin.CreateApiKeyAsync(app, new { rate_limits = new[] { limit } });
            Assert.Equal("valid", await admin.CodeAsync(key.Secret, api));
            return key.Secret;
        }

        async Task<string> BoundTokenAsync()
        {
            using var key = await ServerSigningKey.TakeAsync(await servers.GetAsync(engine));
            var given = await admin.With(null).AccessTokenAsync(made.Client(), ("resource", api));
            var claims = JsonNode.Parse(OAuthRequests.Claims(given).GetRawText())!.AsObject();
            claims["cnf"] = new JsonObject { ["jkt"] = "x" };
            return key.Sign(key.Header(), claims);
        }
    }

    [Theory, BothEngines]
    public async Task Every_valid_answer_is_its_record(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(
                _ => new
                {
                    object_types = new[] { "repo" },
                    accepted_credentials = new[] { "api_key", "anonymous_api_key", "personal_access_token", "access_token" },
                },
                "b",
                "a"
            )
            .Role()
            .Api("c")
            .Role()
            .Application()
            .ApiKey()
            .ClientSecret()
            .ApiKey(_ => new { anonymous = true })
            .ApiKey(_ => new
            {
                objects = new[] { "repo:acme/*", "repo:<b>&'+" },
                expires_at = "2099-01-02T03:04:05.678Z",
                rate_limits = new[]
                {
                    new
                    {
                        name = "daily",
                        limit = 1_000_000,
                        window_seconds = 86_400,
                    },
                },
                metadata = new Dictionary<string, object?>
                {
                    ["Grüße <b>&'\" \\ / \u007f\t🔑"] = "漢字 <script> + \u2028",
                    ["numbers"] = new object[] { 0, -1, 1.5, 1e300, long.MaxValue },
                    ["nested"] = new { a = new object?[] { null, true, Array.Empty<int>(), new { } } },
                    [""] = "",
                },
            })
            .User(_ => new { password = (string?)null })
            .PersonalAccessToken()
            .CreateAsync();
        var api = made.Apis[0].Identifier;
        string[] tokens =
        [
            .. made.ApiKeys.Select(key => key.Secret),
            made.PersonalAccessToken.Secret,
            await admin.With(null).AccessTokenAsync(made.Client(), ("resource", api)),
        ];
        string[] always = ["valid", "code", "kind", "credential_id", "subject", "application_id", "organization_id"];
        var kinds = new HashSet<string>();
        foreach (var token in tokens)
        {
            foreach (var (request, rights) in new (object, string)[] { (new { token, api }, "scopes"), (new { token }, "permissions") })
            {
                var answer = await AskAsync(admin, request);
                Assert.Equal("valid", answer.Text("code"));
                kinds.Add(answer.Text("kind"));
                string[] limit = token == made.ApiKey.Secret ? ["rate_limit"] : [];
                Assert.Equal(
                    [.. always, rights, "objects", "expires_at", .. limit, "metadata"],
                    answer.Json.EnumerateObject().Select(member => member.Name)
                );
                Assert.Equal(Again<VerifyAnswer>(answer.Body), answer.Body);
            }
        }
        Assert.Equal(4, kinds.Count);
    }

    /// <summary>More than a buffer that is kept, and what comes after it on the same connections.</summary>
    [Theory, BothEngines]
    public async Task A_long_answer_is_whole_and_the_short_one_after_it_is_short(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => new { metadata = new { note = new string('ü', 600) } }).CreateAsync();
        var request = new { token = made.ApiKey.Secret, api = made.Api.Identifier };
        var single = await AskAsync(admin, request);
        for (var round = 0; round < 3; round++)
        {
            var batch = await admin.PostAsync("/v1/verify/batch", new { items = Enumerable.Repeat(request, 100) }).Expect(200);
            ExpectLength(batch);
            Assert.Equal($$"""{"items":[{{string.Join(',', Enumerable.Repeat(single.Body, 100))}}]}""", batch.Body);
            Assert.Equal(single.Body, (await AskAsync(admin, request)).Body);
            Assert.Equal("""{"valid":false,"code":"malformed"}""", (await AskAsync(admin, new { token = "x" })).Body);
        }
    }

    /// <summary>The answer, which is the same in a batch of one.</summary>
    private static async Task<ApiResponse> AskAsync(ApiClient admin, object request)
    {
        var single = await admin.PostAsync("/v1/verify", request).Expect(200);
        var batch = await admin.PostAsync("/v1/verify/batch", new { items = new[] { request } }).Expect(200);
        ExpectLength(single);
        ExpectLength(batch);
        Assert.Equal($$"""{"items":[{{Uncounted(single.Body)}}]}""", Uncounted(batch.Body));
        return single;
    }

    private static void ExpectLength(ApiResponse answer)
    {
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Equal($"{Encoding.UTF8.GetByteCount(answer.Body)}", answer.Header("Content-Length"));
        Assert.Null(answer.Header("Transfer-Encoding"));
    }

    private static string Again<T>(string body) =>
        JsonSerializer.Serialize(JsonSerializer.Deserialize<T>(body, TokenryJson.Strict), TokenryJson.Strict);

    /// <summary>Without what the second use of two has less of.</summary>
    private static string Uncounted(string body)
    {
        const string Member = "\"remaining\":";
        var at = body.IndexOf(Member, StringComparison.Ordinal) + Member.Length;
        return at < Member.Length ? body : body[..at] + body[at..].TrimStart([.. "0123456789"]);
    }
}
