using System.IO.Compression;
using System.Text;
using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>B.8: an error says what to do.</summary>
public sealed class HelpfulErrorTests(SharedServers servers)
{
    /// <summary>At every door: <c>expired</c> and since when, for the right secret alone.</summary>
    [Theory, BothEngines]
    public async Task B8_expired_is_said_to_who_holds_the_right_secret(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role().Application().CreateAsync();
        var app = made.Application.Id;
        var ending = await SoonOver.MakeAsync(end => admin.CreateApiKeyAsync(app, new { expires_at = end }));
        var clientSecret = await SoonOver.MakeAsync(end => admin.CreateClientSecretAsync(app, new { expires_at = end }));
        var (key, secret) = (ending.Secret, (app, clientSecret.Secret));
        var at = ending.Response.Text("expires_at");
        var door = $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}&scope=a";
        await EventuallyAsync(async () => await admin.VerifyAsync(key, made.Api.Identifier) == "expired", "expired");

        var (api, scope) = (made.Api.Id, "a");
        foreach (
            var (answer, about) in new[]
            {
                (await anonymous.With(key).GetAsync("/v1/me"), ChallengeTests.About(anonymous, null, null)),
                (await anonymous.With(key).GetAsync(door), ChallengeTests.About(anonymous, api, scope)),
            }
        )
        {
            answer.Expect(401, "credential_expired");
            Assert.Equal(at, answer.Text("expired_at"));
            Assert.Contains(at, answer.Text("detail"), StringComparison.Ordinal);
            Assert.Equal(
                $"Bearer realm=\"tokenry\", error=\"invalid_token\", error_description=\"expired at {at}\", {about}, {ChallengeTests.Dpop}",
                answer.Header("WWW-Authenticate")
            );
        }

        var verified = await admin.PostAsync("/v1/verify", new { token = key, api = made.Api.Identifier }).Expect(200);
        Assert.Equal(("expired", at), (verified.Text("code"), verified.Text("expired_at")));
        await EventuallyAsync(async () => (await anonymous.TokenAsync(secret)).Status != 200, "expired");

        var client = await anonymous.TokenAsync(secret).ExpectOAuth(401, "invalid_client");
        Assert.Contains("has expired", client.Text("error_description"), StringComparison.Ordinal);

        // A guess at the rest of it learns nothing.
        foreach (var guess in new[] { key[..^1] + (key[^1] == '0' ? '1' : '0'), ending.Id })
        {
            (await anonymous.With(guess).GetAsync(door)).Expect(401, "invalid_token");
            var answer = await anonymous.With(guess).GetAsync("/v1/me").Expect(401, "invalid_token");
            Assert.DoesNotContain("expired_at", answer.Body, StringComparison.Ordinal);
        }

        await admin.PostAsync($"/v1/applications/{made.Application.Id}/disable").Expect(200);
        (await anonymous.With(key).GetAsync(door)).Expect(401, "invalid_token");
    }

    [Theory]
    [InlineData("gzip", false)]
    [InlineData("deflate", false)]
    [InlineData("br", false)]
    [InlineData("identity", true)]
    [InlineData("IDENTITY", true)]
    public async Task B8_a_compressed_body_is_415_and_says_so(string coding, bool isRead)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var json = Encoding.UTF8.GetBytes($$"""{"name":"{{CreateRequests.Unique("coded")}}","permissions":[]}""");
        using var buffer = new MemoryStream();
        await using (var zip = new GZipStream(buffer, CompressionMode.Compress, leaveOpen: true))
        {
            await zip.WriteAsync(json);
        }

        using var content = new ByteArrayContent(isRead ? json : buffer.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        var answer = await admin.PostAsync("/v1/roles", content);
        if (isRead)
        {
            answer.Expect(201);
            return;
        }

        answer.Expect(415, "unsupported_media_type");
        Assert.Contains("Content-Encoding", answer.Text("detail"), StringComparison.Ordinal);
        Assert.Equal("identity", answer.Header("Accept-Encoding"));
        using var form = new ByteArrayContent(buffer.ToArray());
        form.Headers.TryAddWithoutValidation("Content-Type", "application/x-www-form-urlencoded");
        form.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        var refused = await admin.With(null).PostAsync("/oauth/token", form).ExpectOAuth(415, "invalid_request");
        Assert.Contains("Content-Encoding", refused.Text("error_description"), StringComparison.Ordinal);
    }

    /// <summary>A door is asked about the headers of a request whose body it never sees.</summary>
    [Fact]
    public async Task B8_a_door_lets_a_compressed_upload_pass()
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var door = $"GET /v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)} HTTP/1.1";
        string[] lines = ["Content-Encoding: gzip", $"X-API-Key: {made.ApiKey.Secret}"];
        Assert.Equal(200, (await RawHttp.SendAsync(admin, door, lines)).Status);
    }

    [Theory]
    [InlineData("1e2", "is written as 1e2: write 100")]
    [InlineData("1E+2", "is written as 1E+2: write 100")]
    [InlineData("100.0", "is written as 100.0: write 100")]
    [InlineData("1.5", "is 1.5: write a whole number")]
    [InlineData("\n1e2", "is written as 1e2: write 100")]
    [InlineData("\"100\"", "must be a whole number up to 2147483647 (got ")]
    [InlineData("true", "must be a whole number up to 2147483647 (got ")]
    [InlineData("99999999999", "must be a whole number up to 2147483647 (got ")]
    public async Task B8_an_odd_number_is_shown_as_it_should_be(string number, string fault)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var body = $"{{\"identifier\":\"https://odd.example.com\",\"access_token_lifetime_seconds\":{number},\"name\":\"x\"}}";
        var answer = await admin.PostAsync("/v1/api-resources", body).Expect(400, "invalid_request");
        Assert.StartsWith(
            fault,
            answer.Json.GetProperty("errors").GetProperty("access_token_lifetime_seconds")[0].GetString(),
            StringComparison.Ordinal
        );
    }

    /// <summary>What is wrong deep in a body is named where it is, in a PATCH as in a POST, with what should be there.</summary>
    [Theory]
    [InlineData(
        "POST",
        """{"name":"n","rate_limits":[{"name":"b","limit":2,"window":60}]}""",
        "rate_limits[0].window",
        "is not a member of this request. Known: name, limit, window_seconds, "
    )]
    [InlineData(
        "PATCH",
        """{"rate_limits":[{"name":"b","limit":2,"window":60}]}""",
        "rate_limits[0].window",
        "is not a member of this request. Known: name, limit, window_seconds, "
    )]
    [InlineData(
        "PATCH",
        """{"rate_limits":[{"name":"b","limit":2,"windowseconds":60}]}""",
        "rate_limits[0].windowseconds",
        "is not a member of this request. Did you mean window_seconds? Known: "
    )]
    [InlineData("POST", """{"name":"n","rate_limits":[{"limit":2,"window_seconds":60}]}""", "rate_limits[0].name", "is required")]
    [InlineData(
        "PATCH",
        """{"rate_limits":[{"name":"a","limit":1,"window_seconds":1},{"limit":2,"window_seconds":60}]}""",
        "rate_limits[1].name",
        "is required"
    )]
    [InlineData(
        "PATCH",
        """{"rate_limits":[{"name":"b","limit":"2","window_seconds":60}]}""",
        "rate_limits[0].limit",
        "must be a whole number (got a string)"
    )]
    [InlineData(
        "PATCH",
        """{"rate_limits":[{"name":"b","limit":2,"window_seconds":6e1}]}""",
        "rate_limits[0].window_seconds",
        "is written as 6e1: write 60"
    )]
    [InlineData("PATCH", """{"rate_limits":{"name":"b"}}""", "rate_limits", "must be a list of objects {name, limit, ")]
    [InlineData(
        "PATCH",
        """{"permissions":[{"api":"https://a.example.com","scope":["a"]}]}""",
        "permissions[0].scope",
        "is not a member of this request. Did you mean scopes? Known: api, scopes."
    )]
    [InlineData(
        "PATCH",
        """{"permissions":[{"api":"https://a.example.com","scopes":"a"}]}""",
        "permissions[0].scopes",
        "must be a list of strings (got a string)"
    )]
    [InlineData("PATCH", """{"permissions":[{"api":null,"scopes":["a"]}]}""", "permissions[0].api", "must be a string (got null)")]
    [InlineData("PATCH", """{"permissions":"all"}""", "permissions", "must be a list of {api, scopes}, or \"owner\" (got a string)")]
    [InlineData("PATCH", """{"expires_at":"tomorrow"}""", "expires_at", "must be a time such as 2099-01-01T00:00:00Z")]
    [InlineData("PATCH", """{"expires_at":7}""", "expires_at", "must be a time such as 2099-01-01T00:00:00Z (got a number)")]
    [InlineData("PATCH", """{"nam":"n"}""", "nam", "is not a member of this request. Did you mean name? Known: name, ")]
    [InlineData("PATCH", """{"a.b['c']":"n"}""", "a.b['c']", "is not a member of this request. Known: name, ")]
    [InlineData("PATCH", """{"allowed_ips":[7]}""", "allowed_ips[0]", "must be a string (got a number)")]
    public async Task A_fault_of_a_body_is_named_where_it_is(string method, string body, string member, string fault)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var path = method == "POST" ? $"/v1/applications/{made.Application.Id}/api-keys" : $"/v1/api-keys/{made.ApiKey.Id}";
        var answer = (await admin.SendAsync(new HttpMethod(method), path, body, headers: null)).Expect(400, "invalid_request");
        var found = Assert.Single(answer.Json.GetProperty("errors").EnumerateObject());
        Assert.Equal(member, found.Name);
        Assert.StartsWith(fault, found.Value[0].GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name":"n","identifier":"https://n.example.com","scopes":["b:read"]}""", "scopes[0]", "must be an object {name, ")]
    [InlineData(
        """{"name":"n","identifier":"https://n.example.com","scopes":[{"nam":"a"}]}""",
        "scopes[0].nam",
        "is not a member of this request. Did you mean name? Known: name, "
    )]
    public async Task A_fault_of_a_scope_is_named_where_it_is(string body, string member, string fault)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var answer = await admin.PostAsync("/v1/api-resources", body).Expect(400, "invalid_request");
        Assert.StartsWith(fault, answer.Json.GetProperty("errors").GetProperty(member)[0].GetString(), StringComparison.Ordinal);
    }

    /// <summary>It was 415, or "line 1, byte 0".</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_without_its_body_is_told_what_the_body_must_have(bool hasType)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        foreach (var (path, member) in new[] { ($"/v1/api-keys/{made.ApiKey.Id}/rotate", "overlap_seconds"), ("/v1/roles", "name") })
        {
            using var content = new ByteArrayContent([]);
            content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            var answer = await admin.PostAsync(path, hasType ? content : null).Expect(400, "invalid_request");
            Assert.Equal("The body is empty. Send a JSON object as application/json; see errors.", answer.Text("detail"));
            Assert.Equal("is required", answer.Json.GetProperty("errors").GetProperty(member)[0].GetString());
        }
    }

    /// <summary>The form is wrong, not the credential: Basic, no scheme, a colon behind it.</summary>
    [Theory]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("{0}")]
    [InlineData("Bearer: {0}")]
    [InlineData("Bearer")]
    [InlineData("Key {0}")]
    public async Task A_header_that_holds_no_credential_is_told_the_form(string header)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var headers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Authorization"] = header.Replace("{0}", admin.Bearer, StringComparison.Ordinal),
        };
        var answer = await admin.GetAsync("/v1/me", headers: headers).Expect(401, "invalid_token");
        Assert.Equal(
            "The header holds no credential in a form that is taken here. Send Authorization: Bearer tkr_… or X-API-Key: tkr_key_….",
            answer.Text("detail")
        );
        Assert.Contains("error=\"invalid_token\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    /// <summary>The members are those of this request, and what another takes is said.</summary>
    [Theory, BothEngines]
    public async Task The_quick_key_names_its_own_members(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a"]);
        await ExpectAsync(
            new
            {
                name = "n",
                api = api.Identifier + "/",
                scopes = new[] { "a" },
            },
            "api",
            $"'{api.Identifier}/' is not a registered API; {api.Identifier} is"
        );
        await ExpectAsync(
            new
            {
                name = "n",
                api = "https://nothing.example.com",
                scopes = new[] { "a" },
            },
            "api",
            "'https://nothing.example.com' is not a registered API"
        );
        await ExpectAsync(
            new
            {
                name = "n",
                api = api.Identifier,
                scopes = new[] { "b" },
            },
            "scopes",
            $"'b' is not a scope of {api.Identifier}"
        );
        const string Elsewhere =
            "is not a member of this request: send it to POST /v1/applications/{id}/api-keys, or set it afterwards with PATCH /v1/api-keys/{id}";
        await ExpectAsync(
            new
            {
                name = "n",
                api = api.Identifier,
                scopes = new[] { "a" },
                allowed_ips = new[] { "10.0.0.0/8" },
            },
            "allowed_ips",
            Elsewhere
        );
        await ExpectAsync(
            new
            {
                name = "n",
                api = api.Identifier,
                scopes = new[] { "a" },
                rate_limits = Array.Empty<object>(),
            },
            "rate_limits",
            Elsewhere
        );
        await ExpectAsync(
            new
            {
                name = "n",
                api = api.Identifier,
                scopes = new[] { "a" },
                expires_at = "2099-01-01T00:00:00Z",
            },
            "expires_at",
            Elsewhere
        );

        async Task ExpectAsync(object body, string member, string fault)
        {
            var answer = await admin.PostAsync("/v1/api-keys", body).Expect(400, "invalid_request");
            var found = Assert.Single(answer.Json.GetProperty("errors").EnumerateObject());
            Assert.Equal((member, fault), (found.Name, found.Value[0].GetString()));
        }
    }

    [Theory, BothEngines]
    public async Task The_token_endpoint_names_the_scope_and_the_grants_that_there_are(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role().ClientSecret().CreateAsync();
        var refused = await admin.With(null).TokenAsync(made.Client(), ("scope", "a other")).ExpectOAuth(400, "invalid_scope");
        Assert.Equal("the client may not have at this resource: other", refused.Text("error_description"));
        refused = await admin
            .With(null)
            .FormAsync("/oauth/token", [("grant_type", "password")], made.Client())
            .ExpectOAuth(400, "unsupported_grant_type");
        Assert.EndsWith(
            "it supports client_credentials and urn:ietf:params:oauth:grant-type:token-exchange",
            refused.Text("error_description"),
            StringComparison.Ordinal
        );
    }

    /// <summary>The same key again: another name does not help, another kid does.</summary>
    [Fact]
    public async Task A_public_key_that_is_there_is_told_what_does_help()
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var made = await Scenario.On(admin).Application().CreateAsync();
        using var key = ClientKey.Make();
        var path = $"/v1/applications/{made.Application.Id}/public-keys";
        await admin.PostAsync(path, new { name = "one", pem = key.Pem }).Expect(201);
        var answer = await admin.PostAsync(path, new { name = "two", pem = key.Pem }).Expect(409, "already_exists");
        Assert.EndsWith("Revoke that one first, or send this one with another kid.", answer.Text("detail"), StringComparison.Ordinal);
    }
}
