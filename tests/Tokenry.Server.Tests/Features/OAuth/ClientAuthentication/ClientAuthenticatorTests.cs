using System.Text;
using Tokenry.Server.Tests.Platform.Http;

namespace Tokenry.Server.Tests.Features.OAuth.ClientAuthentication;

/// <summary>RFC 6749 §2.3 at the endpoints: one method, one answer for every way to fail.</summary>
public sealed class ClientAuthenticatorTests(SharedServers servers)
{
    private const string Assertion = "client_assertion=eyJhbGciOiJub25lIn0.e30.";
    private const string AssertionType = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

    [Theory, BothEngines]
    public async Task Both_methods_authenticate(Engine engine)
    {
        var (client, _, made) = await ArrangeAsync(engine);
        await client.TokenAsync(made.Client()).Expect(200);
        await PostAsync(client, made, "").Expect(200);
        await PostAsync(client, made, "", basic: true).Expect(200);
        await PostAsync(client, made, $"client_id={made.Application.Id}", basic: true).Expect(200);
    }

    [Fact]
    public async Task The_scheme_has_no_case_and_escapes_are_undone()
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        var escaped = string.Concat($"{made.Application.Id}:{made.ClientSecret.Secret}".Select(c => c == ':' ? ":" : $"%{(int)c:x2}"));
        await WithHeaderAsync(client, "bAsIc " + Encode(escaped)).Expect(200);
    }

    /// <summary>Every way to fail looks the same, headers included: nobody learns which client exists or what became of a secret.</summary>
    [Theory, BothEngines]
    public async Task Every_failure_is_the_same_401(Engine engine)
    {
        var (client, admin, made) = await ArrangeAsync(engine);
        var expected = await client.TokenAsync((NewId(), "x")).ExpectOAuth(401, "invalid_client");
        Assert.Equal(OAuthRequests.BasicChallenge, expected.Header("WWW-Authenticate"));
        var app = made.Application.Id;
        var now = DateTimeOffset.UtcNow;
        var expiring = await SoonOver.MakeAsync(end => admin.CreateClientSecretAsync(app, new { expires_at = end }));
        var revoked = await admin.CreateClientSecretAsync(app);
        await admin.DeleteAsync($"/v1/applications/{app}/secrets/{revoked.Id}").Expect(204);
        var disabled = await admin.CreateClientSecretAsync(app);
        await admin.PostAsync($"/v1/applications/{app}/secrets/{disabled.Id}/disable").Expect(200);
        var rotated = await admin.CreateClientSecretAsync(app);
        await admin.PostAsync($"/v1/applications/{app}/secrets/{rotated.Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        var later = await admin.CreateClientSecretAsync(app, new { not_before = now.AddHours(1) });
        var elsewhere = await admin.CreateClientSecretAsync(app, new { allowed_ips = new[] { "192.0.2.0/24" } });
        var key = await admin.CreateApiKeyAsync(app);
        var other = await Scenario.On(admin).ClientSecret().CreateAsync();
        var off = await Scenario.On(admin).ClientSecret().CreateAsync();
        await admin.PostAsync($"/v1/applications/{off.Application.Id}/disable").Expect(200);
        var gone = await Scenario.On(admin).ClientSecret().CreateAsync();
        await admin.DeleteAsync($"/v1/applications/{gone.Application.Id}").Expect(204);

        var secret = made.ClientSecret.Secret;
        (string Why, string Id, string Secret)[] failures =
        [
            ("unknown client, good secret of another", NewId(), secret),
            ("wrong secret", app, "wrong"),
            ("one character changed", app, secret[..^1] + (secret[^1] == '0' ? '1' : '0')),
            ("one character less", app, secret[..^1]),
            ("one character more", app, secret + "0"),
            ("another's secret", app, other.ClientSecret.Secret),
            ("revoked secret", app, revoked.Secret),
            ("disabled secret", app, disabled.Secret),
            ("superseded secret", app, rotated.Secret),
            ("secret that is not valid yet", app, later.Secret),
            ("secret for other addresses", app, elsewhere.Secret),
            ("API key of the same application", app, key.Secret),
            ("administrator's token", app, admin.Bearer!),
            ("disabled application", off.Application.Id, off.ClientSecret.Secret),
            ("deleted application", gone.Application.Id, gone.ClientSecret.Secret),
            ("id of another case", app.ToUpperInvariant(), secret),
            ("id with a space", app + " ", secret),
        ];
        foreach (var (why, id, tried) in failures)
            await ExpectSameAsync(why, id, tried);

        await UntilExpiredAsync(client, (app, expiring.Secret));
        // Told to who holds it, and to nobody who guesses.
        var expired = await client.TokenAsync((app, expiring.Secret)).ExpectOAuth(401, "invalid_client");
        Assert.Contains("has expired", expired.Text("error_description"), StringComparison.Ordinal);
        await ExpectSameAsync("expired secret, guessed", app, expiring.Secret[..^1] + (expiring.Secret[^1] == '0' ? '1' : '0'));

        async Task ExpectSameAsync(string why, string id, string tried)
        {
            foreach (var path in new[] { "/oauth/token", "/oauth/introspect", "/oauth/revoke" })
            {
                var byBasic = await client.FormAsync(path, [("token", "x")], (id, tried));
                Assert.Equal((why, OAuthRequests.Fingerprint(expected)), (why, OAuthRequests.Fingerprint(byBasic)));
            }
            var byPost = await client.FormAsync("/oauth/token", [("client_id", id), ("client_secret", tried)]);
            Assert.Equal((why, OAuthRequests.Fingerprint(expected)), (why, OAuthRequests.Fingerprint(byPost)));
        }
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic !!!!")]
    [InlineData("Basic bm8gY29sb24=")]
    [InlineData("Basic aWQ6/w==")]
    [InlineData("Basic aWQ6 c2VjcmV0")]
    [InlineData("Bearer eyJhbGciOiJub25lIn0.e30.")]
    [InlineData(null)]
    public async Task What_cannot_be_read_and_nothing_at_all_are_the_same_401(string? header)
    {
        var (client, _, _) = await ArrangeAsync(Engine.Sqlite);
        var expected = await client.TokenAsync((NewId(), "x")).ExpectOAuth(401, "invalid_client");
        var refused = await WithHeaderAsync(client, header);
        Assert.Equal(OAuthRequests.Fingerprint(expected), OAuthRequests.Fingerprint(refused));
    }

    [Fact]
    public async Task A_client_id_alone_is_no_authentication()
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        await client
            .FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("client_id", made.Application.Id)])
            .ExpectOAuth(401, "invalid_client");
        await client
            .FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("client_secret", made.ClientSecret.Secret)])
            .ExpectOAuth(401, "invalid_client");
    }

    [Theory]
    [InlineData("client_secret=x")]
    [InlineData(Assertion + "&" + AssertionType)]
    [InlineData("client_id=another")]
    public async Task Two_methods_or_two_clients_in_one_request_are_invalid_request(string more)
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        await PostAsync(client, made, more, basic: true).ExpectOAuth(400, "invalid_request");
    }

    [Fact]
    public async Task A_secret_with_an_assertion_is_invalid_request()
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        await PostAsync(client, made, $"{Assertion}&{AssertionType}").ExpectOAuth(400, "invalid_request");
    }

    [Theory]
    [InlineData("")]
    [InlineData("client_assertion_type=")]
    [InlineData("client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Asaml2-bearer")]
    public async Task An_assertion_needs_its_type(string type)
    {
        var (client, _, _) = await ArrangeAsync(Engine.Sqlite);
        await FormAsync(client, $"grant_type=client_credentials&{Assertion}&{type}").ExpectOAuth(400, "invalid_request");
    }

    [Fact]
    public async Task An_assertion_is_not_a_method_of_this_server_yet()
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        await FormAsync(client, $"grant_type=client_credentials&client_id={made.Application.Id}&{Assertion}&{AssertionType}")
            .ExpectOAuth(401, "invalid_client");
    }

    [Fact]
    public async Task Two_Authorization_headers_are_invalid_request()
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        var line = $"Authorization: Basic {Encode($"{made.Application.Id}:{made.ClientSecret.Secret}")}";
        foreach (var second in new[] { line, "authorization: Basic eDp5", "Authorization: Bearer x", "Authorization:" })
        {
            var response = await RawHttp.FormAsync(client, "/oauth/token", [line, second], "grant_type=client_credentials");
            Assert.Equal(400, response.Status);
            Assert.Contains("\"error\":\"invalid_request\"", response.Body, StringComparison.Ordinal);
        }
    }

    /// <summary>contract.md, Carriers: two credentials in one request → 400.</summary>
    [Theory]
    [InlineData("Authorization", "Bearer tkr_pat_x")]
    [InlineData("X-API-Key", "tkr_key_x")]
    public async Task A_bearer_beside_a_client_secret_is_invalid_request(string header, string value)
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        foreach (var path in new[] { "/oauth/token", "/oauth/introspect", "/oauth/revoke" })
        {
            var form = new[] { ("client_id", made.Application.Id), ("client_secret", made.ClientSecret.Secret), ("token", "x") };
            await client
                .FormAsync(path, form, headers: new Dictionary<string, string> { [header] = value })
                .ExpectOAuth(400, "invalid_request");
        }
    }

    [Theory, BothEngines]
    public async Task Both_secrets_of_a_rotation_authenticate_until_the_grace_is_over(Engine engine)
    {
        var (client, admin, made) = await ArrangeAsync(engine);
        var rotation = await admin
            .PostAsync($"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}/rotate", new { overlap_seconds = 2 })
            .Expect(200);
        var (old, renewed) = (made.Client(), (made.Application.Id, rotation.Text("client_secret")));
        await client.TokenAsync(renewed).Expect(200);
        var end = rotation.Json.GetProperty("previous_expires_at").GetDateTimeOffset();
        DateTimeOffset asked;
        do
        {
            // Whoever asked before the end and was answered after it may have heard either.
            asked = DateTimeOffset.UtcNow;
            var status = (await client.TokenAsync(old)).Status;
            if (asked >= end || DateTimeOffset.UtcNow < end)
                Assert.Equal(asked >= end ? 401 : 200, status);
            await Task.Delay(25);
        } while (asked < end);
        await client.TokenAsync(renewed).Expect(200);
    }

    /// <summary>Several live secrets side by side are the other way to roll a client over.</summary>
    [Theory, BothEngines]
    public async Task An_application_may_have_several_secrets(Engine engine)
    {
        var (client, admin, made) = await ArrangeAsync(engine);
        var second = await admin.CreateClientSecretAsync(made.Application.Id);
        await client.TokenAsync(made.Client()).Expect(200);
        await client.TokenAsync((made.Application.Id, second.Secret)).Expect(200);
        await admin.DeleteAsync($"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}").Expect(204);
        await client.TokenAsync(made.Client()).ExpectOAuth(401, "invalid_client");
        await client.TokenAsync((made.Application.Id, second.Secret)).Expect(200);
    }

    private static async Task UntilExpiredAsync(ApiClient client, (string, string) credentials)
    {
        for (var tries = 0; (await client.TokenAsync(credentials)).Status == 200; tries++)
        {
            Assert.True(tries < 200, "the secret is still good");
            await Task.Delay(25);
        }
    }

    private static string NewId() => $"app_{Guid.NewGuid():N}"[..26];

    private static string Encode(string pair) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));

    private static Task<ApiResponse> WithHeaderAsync(ApiClient client, string? header) =>
        client.FormAsync(
            "/oauth/token",
            [("grant_type", "client_credentials")],
            headers: header is null ? null : new Dictionary<string, string> { ["Authorization"] = header }
        );

    private static Task<ApiResponse> PostAsync(ApiClient client, Created made, string more, bool basic = false)
    {
        var (id, secret) = made.Client();
        return basic
            ? FormAsync(client, $"grant_type=client_credentials&{more}", $"Basic {Encode($"{id}:{secret}")}")
            : FormAsync(client, $"grant_type=client_credentials&client_id={id}&client_secret={secret}&{more}");
    }

    private static Task<ApiResponse> FormAsync(ApiClient client, string form, string authorization = "") =>
        client.PostAsync(
            "/oauth/token",
            new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded"),
            new Dictionary<string, string> { ["Authorization"] = authorization }
        );

    private async Task<(ApiClient Anonymous, ApiClient Admin, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        return (await servers.AnonymousAsync(engine), admin, await Scenario.On(admin).ClientSecret().CreateAsync());
    }
}
