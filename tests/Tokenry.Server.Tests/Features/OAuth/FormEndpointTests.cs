using System.Text;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>What every form endpoint does alike (RFC 6749 §2.3, §3.2, §5). Parsing does not depend on the store: SQLite is enough.</summary>
public sealed class FormEndpointTests(SharedServers servers)
{
    private const string Form = "application/x-www-form-urlencoded";

    public static TheoryData<string> Endpoints => ["/oauth/token", "/oauth/introspect", "/oauth/revoke"];

    public static TheoryData<string, string> EndpointsAndMethods =>
        new(
            from endpoint in new[] { "/oauth/token", "/oauth/introspect", "/oauth/revoke" }
            from method in new[] { "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS" }
            select (endpoint, method)
        );

    [Theory, MemberData(nameof(EndpointsAndMethods))]
    public async Task Other_methods_are_405_and_say_what_is_allowed(string endpoint, string method)
    {
        var (client, _) = await ArrangeAsync();
        var response = await client.SendAsync(new HttpMethod(method), endpoint).Expect(405);
        Assert.Equal("POST", response.Header("Allow"));
        Assert.DoesNotContain("Access-Control-Allow-Origin", response.Headers.Keys);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded2")]
    [InlineData("application/x-www-form-urlencoded, application/json")]
    [InlineData(";")]
    [InlineData(null)]
    public async Task Another_content_type_is_invalid_request(string? contentType)
    {
        var (client, made) = await ArrangeAsync();
        var response = await PostAsync(client, Encode(Good(made)), contentType).ExpectOAuth(400, "invalid_request");
        Assert.DoesNotContain(made.ClientSecret.Secret, response.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Application/X-WWW-Form-Urlencoded")]
    [InlineData("application/x-www-form-urlencoded; charset=UTF-8")]
    [InlineData("application/x-www-form-urlencoded;charset=\"utf-8\"")]
    public async Task The_content_type_is_compared_as_media_types_are(string contentType)
    {
        var (client, made) = await ArrangeAsync();
        await PostAsync(client, Encode(Good(made)), contentType).Expect(200);
    }

    [Theory]
    [InlineData("grant_type=client_credentials")]
    [InlineData("client_id=x")]
    [InlineData("client_secret=x")]
    [InlineData("scope=a&scope=b")]
    [InlineData("scope=&scope=")]
    [InlineData("unheard_of=1&unheard_of=1")]
    [InlineData("unheard_of=1&unheard%5Fof=1")]
    public async Task A_repeated_parameter_is_invalid_request(string more)
    {
        var (client, made) = await ArrangeAsync();
        await PostAsync(client, $"{Encode(Good(made))}&{more}").ExpectOAuth(400, "invalid_request");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A_repeated_token_is_invalid_request_before_the_client_is_looked_at(string endpoint)
    {
        var (client, _) = await ArrangeAsync();
        await client.FormAsync(endpoint, [("token", "a"), ("token", "b")], ("nobody", "x")).ExpectOAuth(400, "invalid_request");
    }

    [Theory]
    [InlineData("scope=")]
    [InlineData("scope")]
    [InlineData("resource=")]
    [InlineData("unheard_of=1")]
    [InlineData("Scope=invoices:delete")]
    [InlineData("SCOPE=invoices:delete&Client_Secret=x")]
    [InlineData("refresh_token")]
    public async Task Empty_and_unknown_parameters_are_ignored_and_names_have_a_case(string more)
    {
        var (client, made) = await ArrangeAsync();
        var response = await PostAsync(client, $"{Encode(Good(made))}&{more}").Expect(200);
        Assert.Equal("invoices:read invoices:write", response.Text("scope"));
    }

    [Theory]
    [InlineData("scope=%zz")]
    [InlineData("scope=%")]
    [InlineData("scope=%ff")]
    [InlineData("scope=a%00b")]
    [InlineData("%c3=1")]
    public async Task A_form_that_cannot_be_decoded_is_invalid_request(string more)
    {
        var (client, made) = await ArrangeAsync();
        await PostAsync(client, $"{Encode(Good(made))}&{more}").ExpectOAuth(400, "invalid_request");
    }

    [Fact]
    public async Task More_than_64_parameters_are_invalid_request()
    {
        var (client, made) = await ArrangeAsync();
        var more = string.Join('&', Enumerable.Range(0, 10_000).Select(i => $"p{i}"));
        await PostAsync(client, $"{Encode(Good(made))}&{more[..30_000]}").ExpectOAuth(400, "invalid_request");
    }

    [Theory]
    [InlineData(64 * 1024, 200)]
    [InlineData((64 * 1024) + 1, 413)]
    [InlineData(200 * 1024, 413)]
    [InlineData((256 * 1024) + 1, 413)]
    public async Task A_form_has_at_most_64_KiB(int length, int status)
    {
        var (client, made) = await ArrangeAsync();
        var form = Encode(Good(made)) + "&padding=";
        await PostAsync(client, form.PadRight(length, 'x')).Expect(status);
    }

    [Theory]
    [InlineData("client_secret")]
    [InlineData("client_assertion")]
    [InlineData("assertion")]
    [InlineData("token")]
    [InlineData("subject_token")]
    [InlineData("actor_token")]
    [InlineData("refresh_token")]
    [InlineData("access_token")]
    [InlineData("code")]
    [InlineData("password")]
    [InlineData("client%5Fsecret")]
    public async Task A_secret_in_the_URL_is_refused_and_never_logged(string name)
    {
        var (client, made) = await ArrangeAsync();
        var canary = $"canary-{Guid.NewGuid():N}";
        var response = await client
            .FormAsync($"/oauth/token?x=1&{name}={canary}", [("grant_type", "client_credentials")], made.Client())
            .ExpectOAuth(400, "invalid_request");
        Assert.DoesNotContain(canary, response.Body, StringComparison.Ordinal);
        var server = await servers.GetAsync(Engine.Sqlite);
        Assert.DoesNotContain(server.StandardOutput.Concat(server.StandardError), line => line.Contains(canary, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_in_the_URL_is_said_loudly()
    {
        var (client, made) = await ArrangeAsync();
        await client.FormAsync("/oauth/revoke?token=x", [("token", "x")], made.Client()).ExpectOAuth(400, "invalid_request");
        var server = await servers.GetAsync(Engine.Sqlite);
        for (var tries = 0; !Logged(server); tries++)
        {
            Assert.True(tries < 100, "secret_in_url is not in the log");
            await Task.Delay(50);
        }

        static bool Logged(ServerProcess server) =>
            server.StandardOutput.Concat(server.StandardError).Any(line => line.Contains("secret_in_url", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_error_echoes_what_was_sent()
    {
        var (client, made) = await ArrangeAsync();
        const string canary = "canary\"><script>\r\n\\é";
        foreach (var parameter in new[] { "grant_type", "scope", "resource", "audience", "client_assertion", "client_assertion_type" })
        {
            var form = Good(made).Where(field => field.Name != parameter).Append((parameter, canary));
            var response = await client.FormAsync("/oauth/token", form);
            Assert.True(response.Status is 400 or 401 or 200, $"{parameter}: {response.Status}");
            Assert.DoesNotContain("canary", response.Body, StringComparison.Ordinal);
        }

        var refused = await client.FormAsync("/oauth/token", [], (canary, canary)).ExpectOAuth(401, "invalid_client");
        Assert.DoesNotContain("canary", refused.Body + refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_come_in_the_order_form_client_grant_parameters()
    {
        var (client, made) = await ArrangeAsync();
        (string, string) nobody = ($"app_{Guid.NewGuid():N}", "x");
        var good = made.Client();

        await TokenAsync(nobody, ("grant_type", "unheard_of"), ("scope", "\"")).ExpectOAuth(401, "invalid_client");
        await TokenAsync(nobody, ("a", "1"), ("a", "2")).ExpectOAuth(400, "invalid_request");
        await TokenAsync(good, ("grant_type", "unheard_of"), ("scope", "\""), ("resource", "x")).ExpectOAuth(400, "unsupported_grant_type");
        await TokenAsync(good, ("scope", "\""), ("resource", "x")).ExpectOAuth(400, "invalid_request");
        await TokenAsync(good, ("grant_type", "client_credentials"), ("scope", "\""), ("resource", "x")).ExpectOAuth(400, "invalid_target");
        await TokenAsync(good, ("grant_type", "client_credentials"), ("scope", "\"")).ExpectOAuth(400, "invalid_scope");

        Task<ApiResponse> TokenAsync((string, string) basic, params (string, string)[] form) =>
            client.FormAsync("/oauth/token", form, basic);
    }

    [Theory]
    [InlineData("Https://page.example.com")]
    [InlineData("null")]
    public async Task No_origin_may_read_a_form_endpoint(string origin)
    {
        var (client, made) = await ArrangeAsync();
        var headers = new Dictionary<string, string> { ["Origin"] = origin };
        var response = await client.FormAsync("/oauth/token", Good(made), headers: headers).Expect(200);
        Assert.DoesNotContain(response.Headers.Keys, name => name.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    private static (string Name, string Value)[] Good(Created made) =>
        [("grant_type", "client_credentials"), ("client_id", made.Application.Id), ("client_secret", made.ClientSecret.Secret)];

    private static string Encode(IEnumerable<(string Name, string Value)> form) =>
        string.Join('&', form.Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value)}"));

    private static Task<ApiResponse> PostAsync(ApiClient client, string form, string? contentType = Form)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(form));
        if (contentType is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return client.PostAsync("/oauth/token", content);
    }

    private async Task<(ApiClient Anonymous, Created Made)> ArrangeAsync()
    {
        var made = await Scenario.On(await servers.AdminAsync(Engine.Sqlite)).ClientSecret().CreateAsync();
        return (await servers.AnonymousAsync(Engine.Sqlite), made);
    }
}
