using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Attack;

/// <summary>
/// Many at once at one thing: what was tried against the running server and held. Assertions and proofs that are used at once have their tests beside their
/// protocols (<see cref="DpopTests"/>).
/// </summary>
public sealed class RaceTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Twenty_rotations_at_once_leave_at_most_two_secrets(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 3600 }))
        );
        var secrets = answers.Where(answer => answer.Status == 200).Select(answer => answer.Text("token")).Append(made.ApiKey.Secret);
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 409, answer.Body));
        var live = 0;
        foreach (var secret in secrets)
            live += await admin.VerifyAsync(secret, made.Api.Identifier) == "valid" ? 1 : 0;
        Assert.Equal(2, live);
    }

    [Theory, BothEngines]
    public async Task Of_a_key_that_is_revoked_while_it_is_rotated_nothing_lives(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var rotations = Enumerable
            .Range(0, 20)
            .Select(_ => admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 3600 }));
        var revocations = Enumerable.Range(0, 20).Select(_ => admin.DeleteAsync($"/v1/api-keys/{made.ApiKey.Id}"));
        var answers = await Task.WhenAll(rotations.Zip(revocations).SelectMany(pair => new[] { pair.First, pair.Second }));
        Assert.Contains(answers, answer => answer.Status == 204);
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 204 or 409, answer.Body));
        foreach (
            var secret in answers.Where(answer => answer.Status == 200).Select(answer => answer.Text("token")).Append(made.ApiKey.Secret)
        )
            Assert.Equal("revoked", await admin.VerifyAsync(secret, made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task One_idempotency_key_makes_one_credential(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Application().CreateAsync();
        var path = $"/v1/applications/{made.Application.Id}/api-keys";
        var headers = new Dictionary<string, string> { ["Idempotency-Key"] = CreateRequests.Unique("race") };
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => admin.PostAsync(path, new { name = "once" }, headers)));
        Assert.All(answers, answer => Assert.True(answer.Status is 201 or 409, answer.Body));
        Assert.Single(answers.Where(answer => answer.Status == 201).Select(answer => answer.Text("token")).Distinct());
        Assert.Single((await admin.GetAsync(path).Expect(200)).Json.GetProperty("items").EnumerateArray());
    }

    [Theory, BothEngines]
    public async Task A_quota_of_fifty_lets_exactly_fifty_of_a_hundred_in(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var limits = new[]
        {
            new
            {
                name = "monthly",
                limit = 50,
                period = "month",
            },
        };
        var made = await Scenario.On(admin).ApiKey(_ => new { rate_limits = limits }).CreateAsync();
        var codes = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier)));
        Assert.Equal(50, codes.Count(code => code == "valid"));
        Assert.Equal(50, codes.Count(code => code == "quota_exceeded"));
    }

    [Theory, BothEngines]
    public async Task One_assertion_buys_one_token(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var client = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).PublicKey().CreateAsync();
        var assertion = made.PublicKeys[^1].Key.Assertion(made.Application.Id, client.Address);
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 16)
                .Select(_ =>
                    client.FormAsync(
                        "/oauth/token",
                        [
                            ("grant_type", "client_credentials"),
                            ("resource", made.Api.Identifier),
                            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                            ("client_assertion", assertion),
                        ]
                    )
                )
        );
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(15, answers.Count(answer => answer.Status == 401));
    }
}
