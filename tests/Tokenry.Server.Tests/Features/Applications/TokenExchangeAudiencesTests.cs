namespace Tokenry.Server.Tests.Features.Applications;

/// <summary>Which APIs a client may exchange tokens for, and who may say so; and what makes a public client.</summary>
public sealed class TokenExchangeAudiencesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task They_are_kept_shown_and_cleared(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api().Application().CreateAsync();
        var path = $"/v1/applications/{made.Application.Id}";
        Assert.Equal("null", Audiences(made.Application.Response));
        var patched = await admin.PatchAsync(path, new { token_exchange_audiences = new[] { made.Api.Identifier } }).Expect(200);
        Assert.Equal($"[\"{made.Api.Identifier}\"]", Audiences(patched));
        var kept = await admin.PatchAsync(path, new { name = "renamed" }).Expect(200);
        Assert.Equal($"[\"{made.Api.Identifier}\"]", Audiences(kept));
        Assert.Equal("null", Audiences(await admin.PatchAsync(path, new { token_exchange_audiences = (string[]?)null }).Expect(200)));
    }

    [Theory]
    [InlineData("https://unregistered.example.com")]
    [InlineData("urn:tokenry:management")]
    [InlineData("")]
    [InlineData("{api}/")]
    public async Task Only_registered_APIs_are_named_and_never_our_own(string named)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var made = await Scenario.On(admin).Api().Application().CreateAsync();
        var audiences = new[] { named.Replace("{api}", made.Api.Identifier, StringComparison.Ordinal) };
        await admin
            .PatchAsync($"/v1/applications/{made.Application.Id}", new { token_exchange_audiences = audiences })
            .Expect(400, "invalid_request");
        await admin.PostAsync("/v1/applications", new { name = "x", token_exchange_audiences = audiences }).Expect(400, "invalid_request");
    }

    /// <summary>A developer's application gets no further than its developer.</summary>
    [Theory, BothEngines]
    public async Task Under_applications_own_one_names_only_what_one_may_use(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api().Role().ManagementRole("applications:own").PersonalAccessToken(Named).CreateAsync();
        var foreign = await admin.CreateApiAsync(["ledger:read"]);
        var developer = admin.With(made.PersonalAccessToken.Secret);
        await developer
            .PostAsync("/v1/applications", new { name = "mine", token_exchange_audiences = new[] { foreign.Identifier } })
            .Expect(403, "exceeds_own_rights");
        var mine = await developer
            .PostAsync("/v1/applications", new { name = "mine", token_exchange_audiences = new[] { made.Api.Identifier } })
            .Expect(201);
        var path = $"/v1/applications/{mine.Text("id")}";
        string[] both = [made.Api.Identifier, foreign.Identifier];
        await developer.PatchAsync(path, new { token_exchange_audiences = both }).Expect(403, "exceeds_own_rights");
        // What somebody named who could stays, whoever revises the rest.
        await admin.PatchAsync(path, new { token_exchange_audiences = both }).Expect(200);
        await developer.PatchAsync(path, new { name = "still mine" }).Expect(200);
        await developer.PatchAsync(path, new { token_exchange_audiences = new[] { foreign.Identifier } }).Expect(200);
        await developer.PatchAsync(path, new { token_exchange_audiences = both }).Expect(200);

        static object Named(Created made) =>
            new
            {
                permissions = new object[]
                {
                    new { api = "urn:tokenry:management", scopes = new[] { "applications:own" } },
                    new { api = made.Api.Identifier, scopes = new[] { "invoices:read" } },
                },
            };
    }

    [Theory]
    [InlineData("none", true)]
    [InlineData("federated_identity", true)]
    [InlineData("private_key_jwt federated_identity", true)]
    [InlineData("none client_secret_basic", false)]
    [InlineData("client_secret_jwt", false)]
    public async Task None_stands_alone(string methods, bool isTaken)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        await admin
            .PostAsync("/v1/applications", new { name = CreateRequests.Unique("x"), token_endpoint_auth_methods = methods.Split(' ') })
            .Expect(isTaken ? 201 : 400);
    }

    private static string Audiences(ApiResponse response) => response.Json.GetProperty("token_exchange_audiences").GetRawText();
}
