using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// B.1: an API with 500 scopes gave an 18 kB token that verify, forward-auth and revocation called malformed. What no door reads is not issued; what is
/// issued, every door reads and <c>/oauth/revoke</c> revokes.
/// </summary>
public sealed class LongTokenTests(SharedServers servers)
{
    private const string Remedy = "name the scopes you need";

    private static readonly string[] Scopes = [.. Enumerable.Range(0, 500).Select(i => $"orders.department-{i:000}:read-write")];

    [Theory, BothEngines]
    public async Task B1_a_token_that_cannot_be_carried_is_not_issued(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).Api(Scopes).Role().Application().ClientSecret().ApiKey().CreateAsync();
        var refused = await anonymous.TokenAsync(made.Client()).ExpectOAuth(400, "invalid_scope");
        Assert.Contains(Remedy, refused.Text("error_description"), StringComparison.Ordinal);
        await anonymous.AccessTokenAsync(made.Client(), ("scope", Scopes[7]));
    }

    /// <summary>The longest that is issued is within the one limit, and the next scope would pass it.</summary>
    [Theory, BothEngines]
    public async Task B1_whatever_is_issued_is_read_at_every_door_and_revoked(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).Api(Scopes).Role().Application().ClientSecret().CreateAsync();
        var (fits, tooMany) = (1, Scopes.Length);
        string? longest = null;
        while (tooMany - fits > 1)
        {
            var count = (fits + tooMany) / 2;
            var answer = await anonymous.TokenAsync(made.Client(), ("scope", string.Join(' ', Scopes.Take(count))));
            if (answer.Status == 200)
            {
                (fits, longest) = (count, answer.Text("access_token"));
            }
            else
            {
                answer.Expect(400);
                tooMany = count;
            }
        }

        Assert.NotNull(longest);
        Assert.InRange(longest.Length, CompactJws.MaxLength - 60, CompactJws.MaxLength);
        var door = $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}&scope={Scopes[0]}";
        Assert.Equal("valid", await admin.VerifyAsync(longest, made.Api.Identifier));
        await admin.IntrospectAsync(longest).ExpectActive();
        await anonymous.With(longest).GetAsync(door).Expect(200);
        await anonymous.RevokeAsync(longest, made.Client()).Expect(200);
        Assert.Equal("revoked", await admin.VerifyAsync(longest, made.Api.Identifier));
        await admin.IntrospectAsync(longest).ExpectInactive();
        await anonymous.With(longest).GetAsync(door).Expect(401);
    }

    [Theory, BothEngines]
    public async Task B1_nor_at_a_door_nor_by_exchange(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).Api(Scopes).Role().ApiKey().User().PersonalAccessToken().CreateAsync();
        var door = $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}";
        await anonymous.With(made.ApiKey.Secret).GetAsync(door).Expect(200);
        var refused = await anonymous.With(made.ApiKey.Secret).GetAsync(door + "&as=jwt").Expect(400, "invalid_request");
        Assert.Contains("permissions", refused.Json.GetProperty("errors").GetProperty("as")[0].GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(refused.Headers.Keys, name => name.StartsWith("X-Tokenry-", StringComparison.OrdinalIgnoreCase));
        var few = await admin.CreateApiKeyAsync(
            made.Application.Id,
            new { permissions = new[] { new { api = made.Api.Identifier, scopes = Scopes[..3] } } }
        );
        Assert.NotEmpty((await anonymous.With(few.Secret).GetAsync(door + "&as=jwt").Expect(200)).Header("X-Tokenry-Jwt")!);

        var service = await admin.CreateApplicationAsync([], new { token_exchange_audiences = new[] { made.Api.Identifier } });
        var secret = await admin.CreateClientSecretAsync(service.Id);
        (string, string)[] exchange =
        [
            ("grant_type", Exchange.Grant),
            ("subject_token", made.PersonalAccessToken.Secret),
            ("subject_token_type", Exchange.PersonalAccessToken),
        ];
        var unnamed = await anonymous.FormAsync("/oauth/token", exchange, (service.Id, secret.Secret)).ExpectOAuth(400, "invalid_scope");
        Assert.Contains(Remedy, unnamed.Text("error_description"), StringComparison.Ordinal);
        await anonymous.FormAsync("/oauth/token", [.. exchange, ("scope", Scopes[0])], (service.Id, secret.Secret)).Expect(200);
    }
}
