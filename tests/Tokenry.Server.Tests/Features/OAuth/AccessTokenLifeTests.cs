using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// What ends an access token before its <c>exp</c> at our own doors, at the very next request: its revocation, the end of its application,
/// the revocation, the disabling and the rotation without overlap of the secret that bought it. What does not: its rotation with an overlap, and its expiry.
/// </summary>
public sealed class AccessTokenLifeTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_good_token_passes_every_door(Engine engine)
    {
        var doors = await DoorsAsync(engine);
        await doors.ExpectGoodAsync(await doors.NewTokenAsync());
    }

    [Theory, BothEngines]
    public async Task A_revoked_token_is_refused_at_the_next_request_and_its_siblings_are_not(Engine engine)
    {
        var doors = await DoorsAsync(engine);
        var (revoked, sibling) = (await doors.NewTokenAsync(), await doors.NewTokenAsync());
        await doors.ExpectGoodAsync(revoked); // every cache is warm
        await doors.Anonymous.RevokeAsync(revoked, doors.Made.Client()).Expect(200);
        await doors.ExpectRefusedAsync(revoked, "revoked");
        await doors.ExpectGoodAsync(sibling);
    }

    [Theory, BothEngines]
    public async Task Tokens_of_a_disabled_application_are_refused_until_it_is_enabled_again(Engine engine)
    {
        var doors = await DoorsAsync(engine);
        var token = await doors.NewTokenAsync();
        await doors.ExpectGoodAsync(token);
        await doors.Admin.PostAsync($"/v1/applications/{doors.Made.Application.Id}/disable").Expect(200);
        await ExpectRefusedWithoutClientAsync(doors, token, "owner_disabled");
        await doors.Admin.PostAsync($"/v1/applications/{doors.Made.Application.Id}/enable").Expect(200);
        await doors.ExpectGoodAsync(token);
    }

    [Theory, BothEngines]
    public async Task Tokens_of_a_deleted_application_are_refused(Engine engine)
    {
        var doors = await DoorsAsync(engine);
        var token = await doors.NewTokenAsync();
        await doors.ExpectGoodAsync(token);
        await doors.Admin.DeleteAsync($"/v1/applications/{doors.Made.Application.Id}").Expect(204);
        await ExpectRefusedWithoutClientAsync(doors, token, "revoked");
    }

    [Theory, BothEngines]
    public async Task Tokens_bought_with_a_revoked_secret_are_refused_and_others_of_the_application_are_not(Engine engine)
    {
        var doors = await DoorsAsync(engine);
        var (app, secret) = (doors.Made.Application.Id, doors.Made.ClientSecret);
        var second = await doors.Admin.CreateClientSecretAsync(app);
        var token = await doors.NewTokenAsync();
        var other = await doors.Anonymous.AccessTokenAsync((app, second.Secret), ("resource", Doors.Api));
        await doors.ExpectGoodAsync(token);
        await doors.Admin.DeleteAsync($"/v1/applications/{app}/secrets/{secret.Id}").Expect(204);
        await ExpectRefusedWithoutClientAsync(doors, token, "revoked");
        await doors.ExpectGoodAsync(other);
    }

    [Theory, BothEngines]
    public async Task Tokens_bought_with_a_secret_that_was_rotated_with_an_overlap_stay_good(Engine engine)
    {
        var doors = await DoorsAsync(engine);
        var token = await doors.NewTokenAsync();
        await doors.Admin.PostAsync($"{SecretPath(doors)}/rotate", new { overlap_seconds = 3600 }).Expect(200);
        await doors.ExpectGoodAsync(token);
    }

    [Theory, BothEngines]
    public async Task A3_tokens_fall_with_the_rotation_of_their_secret_without_overlap_and_those_of_the_new_one_are_good(Engine engine)
    {
        var doors = await DoorsAsync(engine);
        var app = doors.Made.Application.Id;
        var token = await doors.NewTokenAsync();
        await doors.ExpectGoodAsync(token);
        var client = doors.Made.Client();
        for (var i = 0; i < 3; i++)
        {
            var rotated = await doors.Admin.PostAsync($"{SecretPath(doors)}/rotate", new { overlap_seconds = 0 }).Expect(200);
            await ExpectRefusedWithoutClientAsync(doors, token, "revoked");
            client = (app, rotated.Text("client_secret"));
            token = await doors.Anonymous.AccessTokenAsync(client, ("resource", Doors.Api)); // at once
            await doors.ExpectGoodAsync(token);
        }

        await doors.Admin.PostAsync($"{SecretPath(doors)}/rotate", new { overlap_seconds = 3600 }).Expect(200);
        await doors.ExpectGoodAsync(token);
    }

    [Theory, BothEngines]
    public async Task A3_nothing_bought_with_a_secret_while_it_is_rotated_away_is_good_afterwards(Engine engine)
    {
        for (var round = 0; round < 5; round++)
        {
            var doors = await DoorsAsync(engine);
            var buying = Enumerable
                .Range(0, 12)
                .Select(_ => doors.Anonymous.TokenAsync(doors.Made.Client(), ("resource", Doors.Api)))
                .ToList();
            await doors.Admin.PostAsync($"{SecretPath(doors)}/rotate", new { overlap_seconds = 0 }).Expect(200);
            foreach (var bought in await Task.WhenAll(buying))
            {
                Assert.Contains(bought.Status, new[] { 200, 401 });
                if (bought.Status == 200)
                    Assert.Equal("revoked", await doors.Admin.VerifyAsync(bought.Text("access_token"), Doors.Api));
            }
        }
    }

    [Theory, BothEngines]
    public async Task A3_tokens_of_a_disabled_secret_are_refused_until_it_is_enabled_again(Engine engine)
    {
        var doors = await DoorsAsync(engine);
        var token = await doors.NewTokenAsync();
        await doors.ExpectGoodAsync(token);
        await doors.Admin.PostAsync($"{SecretPath(doors)}/disable").Expect(200);
        await ExpectRefusedWithoutClientAsync(doors, token, "disabled");
        await doors.Admin.PostAsync($"{SecretPath(doors)}/enable").Expect(200);
        await doors.ExpectGoodAsync(token);
    }

    [Theory, BothEngines]
    public async Task Tokens_bought_with_a_secret_that_expired_since_stay_good(Engine engine)
    {
        var doors = await DoorsAsync(engine);
        var app = doors.Made.Application.Id;
        var (secret, token) = await SoonOver.MakeAsync(async end =>
        {
            var made = await doors.Admin.CreateClientSecretAsync(app, new { expires_at = end });
            return (made.Secret, await doors.Anonymous.AccessTokenAsync((app, made.Secret), ("resource", Doors.Api)));
        });
        await EventuallyAsync(async () => (await doors.Anonymous.TokenAsync((app, secret))).Status != 200, "expired");
        await doors.ExpectGoodAsync(token);
    }

    /// <summary>A token that was good a moment ago is known; what differs from it in one character is another one.</summary>
    [Theory, BothEngines]
    public async Task What_is_nearly_a_token_that_was_good_is_refused(Engine engine)
    {
        var doors = await DoorsAsync(engine);
        var token = await doors.NewTokenAsync();
        await doors.ExpectGoodAsync(token);
        var (payload, signature) = (token.IndexOf('.') + 1, token.LastIndexOf('.') + 1);
        foreach (var i in new[] { 0, 3, payload - 2, payload, payload + 40, signature - 2, signature, signature + 40, token.Length - 1 })
        {
            var changed = $"{token[..i]}{(token[i] == 'A' ? 'B' : 'A')}{token[(i + 1)..]}";
            Assert.Contains(await doors.Admin.VerifyAsync(changed, Doors.Api), new[] { "malformed", "unknown" });
            await doors.Admin.IntrospectAsync(changed).ExpectInactive();
            await doors.Anonymous.With(changed).GetAsync("/v1/me").Expect(401, "invalid_token");
        }
        await doors.ExpectGoodAsync(token);
    }

    /// <summary>A token for one API is nothing at another (§2 row 7).</summary>
    [Theory, BothEngines]
    public async Task A_token_is_good_at_its_own_API_only(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a")
            .Role()
            .Api("b")
            .Role()
            .ManagementRole("audit:read")
            .Application()
            .ClientSecret()
            .CreateAsync();
        var anonymous = await servers.AnonymousAsync(engine);
        var (a, b) = (made.Apis[0].Identifier, made.Apis[1].Identifier);
        var token = await anonymous.AccessTokenAsync(made.Client(), ("resource", a));
        Assert.Equal("valid", await admin.VerifyAsync(token, a));
        Assert.Equal("wrong_api", await admin.VerifyAsync(token, b));
        Assert.Equal("wrong_api", await admin.VerifyAsync(token, Doors.Api));
        Assert.Equal("wrong_api", await admin.VerifyAsync(token, "https://unregistered.example.com"));
        await anonymous.With(token).GetAsync("/v1/me").Expect(401, "invalid_token");
        await anonymous.With(token).GetAsync("/v1/audit").Expect(401, "invalid_token");
    }

    private static string SecretPath(Doors doors) => $"/v1/applications/{doors.Made.Application.Id}/secrets/{doors.Made.ClientSecret.Id}";

    // The client itself can no longer ask, so this asks the other doors alone.
    private static async Task ExpectRefusedWithoutClientAsync(Doors doors, string token, string code)
    {
        Assert.Equal(code, await doors.Admin.VerifyAsync(token, Doors.Api));
        await doors.Admin.IntrospectAsync(token).ExpectInactive();
        await doors.Anonymous.With(token).GetAsync("/v1/me").Expect(401, "invalid_token");
    }

    private async Task<Doors> DoorsAsync(Engine engine) => await Doors.ArrangeAsync(await servers.AdminAsync(engine));
}
