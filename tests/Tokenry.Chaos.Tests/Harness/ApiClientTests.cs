using System.Text;
using System.Text.Json;

namespace Tokenry.Chaos.Tests.Harness;

public sealed class ApiClientTests : IAsyncDisposable
{
    private readonly FakeServer _server = new();

    [Fact]
    public async Task A_body_is_sent_as_written()
    {
        await Client().PostAsync("/v1/roles", new { overlap_seconds = 0, Camel = (string?)null });
        var (_, _, headers, body) = Assert.Single(_server.Requests);
        Assert.Equal("""{"overlap_seconds":0,"Camel":null}""", body);
        Assert.Equal("application/json", headers["Content-Type"]);
        Assert.Equal("Bearer secret", headers["Authorization"]);
    }

    [Fact]
    public async Task Headers_win_over_the_clients_own()
    {
        var headers = new Dictionary<string, string>
        {
            ["Content-Type"] = "text/plain",
            ["Authorization"] = "",
            ["X-API-Key"] = "other",
        };
        await Client().PostAsync("/v1/roles", "{}", headers);
        var sent = Assert.Single(_server.Requests).Headers;
        Assert.Equal(("text/plain", null, "other"), (sent["Content-Type"], sent.GetValueOrDefault("Authorization"), sent["X-API-Key"]));
    }

    [Fact]
    public async Task Basic_parts_are_form_urlencoded_before_they_are_joined()
    {
        await Client().With(null).FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("scope", "a b")], ("i:d", "s cret%"));
        var (_, _, headers, body) = Assert.Single(_server.Requests);
        Assert.Equal("grant_type=client_credentials&scope=a+b", body);
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("i%3Ad:s+cret%25")), headers["Authorization"]);
        Assert.Equal("application/x-www-form-urlencoded", headers["Content-Type"]);
    }

    [Fact]
    public async Task An_unexpected_status_tells_the_whole_story()
    {
        var failure = await Assert.ThrowsAsync<UnexpectedResponseException>(() => Client().GetAsync("/nowhere?x=1").Expect(200));
        Assert.Equal("""GET /nowhere?x=1: expected 200, got 404""" + "\n" + """{"code":"not_found"}""", failure.Message);
        await Client().GetAsync("/nowhere").Expect(404, "not_found");
    }

    [Fact]
    public async Task A_scenario_makes_what_its_steps_need_and_lets_them_refer_to_it()
    {
        var made = await Scenario
            .On(Client())
            .Api("invoices:read")
            .ApiKey(so => new { permissions = new[] { new { api = so.Api.Identifier, scopes = so.Api.Scopes } }, name = "mine" })
            .ClientSecret()
            .PersonalAccessToken()
            .CreateAsync();

        var requests = _server.Requests.Select(request => $"{request.Method} {request.Path}");
        var (application, user) = (made.Application.Id, made.User.Id);
        Assert.Equal(
            [
                "POST /v1/api-resources",
                "POST /v1/roles",
                "POST /v1/applications",
                $"POST /v1/applications/{application}/api-keys",
                $"POST /v1/applications/{application}/secrets",
                "POST /v1/users",
                $"POST /v1/users/{user}/tokens",
            ],
            requests
        );
        var bodies = _server.Requests.Select(request => JsonDocument.Parse(request.Body).RootElement).ToArray();
        Assert.Equal(made.Api.Identifier, bodies[1].GetProperty("permissions")[0].GetProperty("api").GetString());
        Assert.Equal([made.Role.Id], bodies[2].GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.Equal(
            $$"""{"name":"mine","permissions":[{"api":"{{made.Api.Identifier}}","scopes":["invoices:read"]}]}""",
            bodies[3].GetRawText()
        );
        Assert.Equal(made.User.Email, bodies[5].GetProperty("email").GetString());
        Assert.NotEmpty(made.ClientSecret.Secret);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private ApiClient Client() => new(_server.Address, "secret");
}
