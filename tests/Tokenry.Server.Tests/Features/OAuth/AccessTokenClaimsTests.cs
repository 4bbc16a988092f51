using System.Text.Json.Nodes;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>RFC 9068 §4 at our own doors: tokens signed with the server's own key that differ from a good one in one thing.</summary>
public sealed class AccessTokenClaimsTests(SharedServers servers)
{
    public static TheoryData<string> Required => ["iss", "sub", "aud", "client_id", "exp", "iat", "jti"];

    [Fact]
    public async Task The_unaltered_token_is_good()
    {
        var (doors, key, claims) = await ArrangeAsync();
        using (key)
            await doors.ExpectGoodAsync(key.Sign(key.Header(), claims));
    }

    [Theory, MemberData(nameof(Required))]
    public async Task A_token_that_lacks_a_claim_is_malformed(string claim)
    {
        var (doors, key, claims) = await ArrangeAsync();
        using (key)
        {
            claims.Remove(claim);
            await doors.ExpectRefusedAsync(key.Sign(key.Header(), claims), "malformed");
        }
    }

    [Theory, MemberData(nameof(Required))]
    public async Task A_claim_of_another_type_is_malformed(string claim)
    {
        var (doors, key, claims) = await ArrangeAsync();
        using (key)
        {
            foreach (
                var json in new[] { "null", "true", "{}", "[]", "[1]", "\"\"", "1.5", "-1", "1e10", "\"123\"", "99999999999999999999" }
            )
            {
                if (json == "\"123\"" && claim is not ("exp" or "iat"))
                    continue; // a string is what the others are
                if ((json is "1.5" or "1e10") && claim is ("exp" or "iat"))
                    continue; // a time, see NumericDateTests
                var altered = claims.DeepClone().AsObject();
                altered[claim] = JsonNode.Parse(json);
                await doors.ExpectRefusedAsync(key.Sign(key.Header(), altered), "malformed");
            }
        }
    }

    [Theory]
    [InlineData("iss", "\"https://tokenry.example.com\"", "unknown")]
    [InlineData("iss", "\"{iss}/\"", "unknown")]
    [InlineData("iss", "\"HTTP://127.0.0.1\"", "unknown")]
    [InlineData("aud", "\"https://other.example.com\"", "wrong_api")]
    [InlineData("aud", "\"urn:tokenry:management/\"", "wrong_api")]
    [InlineData("aud", "[\"https://other.example.com\"]", "wrong_api")]
    [InlineData("aud", "[\"urn:tokenry:management\", 1]", "malformed")]
    [InlineData("exp", "{now}", "expired")]
    [InlineData("exp", "0", "expired")]
    [InlineData("client_id", "\"app_00000000000000000000ab\"", "owner_disabled")]
    [InlineData("client_id", "\"'; DROP TABLE principals; --\"", "owner_disabled")]
    [InlineData("credential_id", "\"sec_00000000000000000000ab\"", "revoked")]
    [InlineData("credential_id", "1", "malformed")]
    [InlineData("scope", "[\"audit:read\"]", "malformed")]
    [InlineData("scope", "\"a\\\"b\"", "malformed")]
    [InlineData("cnf", "{}", "proof_invalid")] // bound to what nobody here can check; for what can be see DpopTests
    [InlineData("cnf", "{\"jku\":\"https://example.com\"}", "proof_invalid")]
    [InlineData("cnf", "1", "malformed")]
    [InlineData("objects", "{}", "malformed")]
    public async Task A_claim_that_says_something_else_is_refused(string claim, string json, string code)
    {
        var (doors, key, claims) = await ArrangeAsync();
        using (key)
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            claims[claim] = JsonNode.Parse(
                json.Replace("{iss}", claims["iss"]!.ToString(), StringComparison.Ordinal)
                    .Replace("{now}", now.ToString(), StringComparison.Ordinal)
            );
            await doors.ExpectRefusedAsync(key.Sign(key.Header(), claims), code);
        }
    }

    /// <summary>The scopes count that the application still has; a token that has none left may ask who it is, and nothing else.</summary>
    [Theory]
    [InlineData("users:write")]
    [InlineData("")]
    public async Task A_token_without_a_scope_that_its_application_has_opens_nothing(string scope)
    {
        var (doors, key, claims) = await ArrangeAsync();
        using (key)
        {
            claims["scope"] = scope;
            var token = key.Sign(key.Header(), claims);
            Assert.Equal("wrong_api", await doors.Admin.VerifyAsync(token, Doors.Api));
            await doors.Admin.IntrospectAsync(token).ExpectInactive();
            var me = await doors.Anonymous.With(token).GetAsync("/v1/me").Expect(200);
            Assert.Empty(me.Json.GetProperty("permissions").EnumerateArray());
            await doors.Anonymous.With(token).GetAsync("/v1/audit").Expect(403);
            await doors.Anonymous.With(token).GetAsync("/v1/users").Expect(403);
        }
    }

    [Theory]
    [InlineData("iat", 120)]
    [InlineData("nbf", 120)]
    public async Task A_token_from_the_future_is_refused(string claim, int seconds)
    {
        var (doors, key, claims) = await ArrangeAsync();
        using (key)
        {
            claims[claim] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds;
            claims["exp"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600;
            var token = key.Sign(key.Header(), claims);
            Assert.NotEqual("valid", await doors.Admin.VerifyAsync(token, Doors.Api));
            await doors.Admin.IntrospectAsync(token).ExpectInactive();
            await doors.Anonymous.With(token).GetAsync("/v1/me").Expect(401, "invalid_token");
        }
    }

    [Theory]
    [InlineData("aud", "[\"https://other.example.com\", \"urn:tokenry:management\"]")]
    [InlineData("unheard_of", "{\"a\":[1,2,{\"b\":null}]}")]
    [InlineData("nbf", "1")]
    public async Task What_does_not_matter_is_ignored(string claim, string json)
    {
        var (doors, key, claims) = await ArrangeAsync();
        using (key)
        {
            claims[claim] = JsonNode.Parse(json);
            await doors.ExpectGoodAsync(key.Sign(key.Header(), claims));
        }
    }

    [Fact]
    public async Task A_claim_that_stands_twice_is_malformed()
    {
        var (doors, key, claims) = await ArrangeAsync();
        using (key)
        {
            var text = claims.ToJsonString();
            foreach (var twice in new[] { "\"scope\":\"users:write\"", "\"\\u0073cope\":\"users:write\"", "\"exp\":99999999999" })
                await doors.ExpectRefusedAsync(key.Sign(key.Header().ToJsonString(), $"{{{twice},{text[1..]}"), "malformed");
        }
    }

    [Theory]
    [InlineData("at+jwt", true)]
    [InlineData("AT+JWT", true)]
    [InlineData("application/at+jwt", true)]
    [InlineData("JWT", false)]
    [InlineData("dpop+jwt", false)]
    [InlineData("client-authentication+jwt", false)]
    [InlineData("at+jwt ", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public async Task Only_the_type_of_access_tokens_is_one(string? type, bool good)
    {
        var (doors, key, claims) = await ArrangeAsync();
        using (key)
        {
            var header = key.Header();
            if (type is null)
                header.Remove("typ");
            else
                header["typ"] = type;
            var token = key.Sign(header, claims);
            await (good ? doors.ExpectGoodAsync(token) : doors.ExpectRefusedAsync(token, "malformed"));
        }
    }

    [Fact]
    public async Task A_token_above_8_KiB_is_malformed()
    {
        var (doors, key, claims) = await ArrangeAsync();
        using (key)
        {
            claims["padding"] = new string('x', 4_000);
            await doors.ExpectGoodAsync(key.Sign(key.Header(), claims));
            claims["padding"] = new string('x', 7_000);
            await doors.ExpectRefusedAsync(key.Sign(key.Header(), claims), "malformed");
        }
    }

    private async Task<(Doors Doors, ServerSigningKey Key, JsonObject Claims)> ArrangeAsync()
    {
        var server = await servers.GetAsync(Engine.Postgres);
        var doors = await Doors.ArrangeAsync(await servers.AdminAsync(Engine.Postgres));
        var claims = JsonNode.Parse(OAuthRequests.Claims(await doors.NewTokenAsync()).GetRawText())!.AsObject();
        return (doors, await ServerSigningKey.TakeAsync(server), claims);
    }
}
