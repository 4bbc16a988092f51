using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Credentials;

/// <summary>Rotation expels a thief: of two secrets that work, only the newer one renews the credential (issue 13, A2).</summary>
public sealed class SupersededSecretTests(SharedServers servers)
{
    private const string OwnRotation = "/v1/me/credential/rotate";

    [Theory, BothEngines]
    public async Task A2_the_holder_of_the_superseded_secret_cannot_rotate_the_newest_away(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var newest = await RotateAsync(admin.With(made.ApiKey.Secret));
        var thief = admin.With(made.ApiKey.Secret);
        for (var i = 0; i < 2; i++)
            await thief.PostAsync(OwnRotation, new { overlap_seconds = 60 }).Expect(409, "secret_superseded");

        Assert.Equal("valid", await admin.CodeAsync(newest, made.Api.Identifier));
        var third = await RotateAsync(admin.With(newest));
        await admin.With(newest).PostAsync(OwnRotation, new { overlap_seconds = 60 }).Expect(409, "secret_superseded");
        Assert.Equal("valid", await admin.CodeAsync(third, made.Api.Identifier));
        var told = await admin.ToldAsync($"actor={made.Application.Id}&action=signal.superseded_renewal");
        Assert.Equal(made.ApiKey.Id, told.GetProperty("credential_id").GetString());
    }

    [Theory, BothEngines]
    public async Task A2_a_lost_answer_is_repeated_with_its_idempotency_key_and_nothing_else_is(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var first = admin.With(made.ApiKey.Secret);
        var key = Idempotency("lost");
        var rotated = await first.PostAsync(OwnRotation, new { overlap_seconds = 60 }, key).Expect(200);
        Assert.Equal(rotated.Body, (await first.PostAsync(OwnRotation, new { overlap_seconds = 60 }, key).Expect(200)).Body);
        await first.PostAsync(OwnRotation, new { overlap_seconds = 61 }, key).Expect(422, "idempotency_key_reused");
        await first.PostAsync(OwnRotation, new { overlap_seconds = 60 }, Idempotency("another")).Expect(409, "secret_superseded");
        await first.PostAsync(OwnRotation, new { overlap_seconds = 60 }).Expect(409, "secret_superseded");
        Assert.Equal("valid", await admin.CodeAsync(rotated.Text("token"), made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task A2_the_general_route_is_no_way_around_where_a_credential_names_itself(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var person = await admin.PersonWithTokenAsync([], At(Management, "tokens:own"));
        var newest = await RotateAsync(person.Client);
        foreach (var collection in new[] { "/v1/tokens", "/v1/me/tokens", $"/v1/users/{person.Id}/tokens" })
        {
            await person
                .Client.PostAsync($"{collection}/{person.Token.Id}/rotate", new { overlap_seconds = 0 })
                .Expect(409, "secret_superseded");
        }

        await admin.With(newest).PostAsync($"/v1/tokens/{person.Token.Id}/rotate", new { overlap_seconds = 60 }).Expect(200);
        // Others are told apart by their right to it, not by a secret of it.
        await admin.PostAsync($"/v1/tokens/{person.Token.Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task A2_an_access_token_bought_with_the_superseded_secret_is_no_way_around(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ManagementRole("credentials:write").Application().ClientSecret().CreateAsync();
        var anonymous = await servers.AnonymousAsync(engine);
        var path = $"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}/rotate";
        var newest = (await anonymous.FormAsync("/oauth/renew", [("overlap_seconds", "60")], made.Client()).Expect(200)).Text(
            "client_secret"
        );
        var stolen = await BuyAsync(made.Client());
        await anonymous.With(stolen).PostAsync(path, new { overlap_seconds = 0 }).Expect(409, "secret_superseded");
        // Nobody can tell who bought this one either, while both secrets buy.
        var own = await BuyAsync((made.Application.Id, newest));
        await anonymous.With(own).PostAsync(path, new { overlap_seconds = 0 }).Expect(409, "secret_superseded");
        await anonymous.FormAsync("/oauth/renew", [], (made.Application.Id, newest)).Expect(200);

        Task<string> BuyAsync((string, string) client) => anonymous.AccessTokenAsync(client, ("resource", Management));
    }

    [Theory, BothEngines]
    public async Task A2_a_client_renews_itself_by_its_newest_secret_alone(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var key = Idempotency("lost");
        var renewed = await anonymous.FormAsync("/oauth/renew", [("overlap_seconds", "60")], made.Client(), key).Expect(200);
        await anonymous.FormAsync("/oauth/renew", [("overlap_seconds", "60")], made.Client()).ExpectOAuth(409, "secret_superseded");
        Assert.Equal(
            renewed.Body,
            (await anonymous.FormAsync("/oauth/renew", [("overlap_seconds", "60")], made.Client(), key).Expect(200)).Body
        );
        await anonymous
            .FormAsync("/oauth/renew", [("overlap_seconds", "90")], made.Client(), key)
            .ExpectOAuth(422, "idempotency_key_reused");
        await anonymous.TokenAsync((made.Application.Id, renewed.Text("client_secret"))).Expect(200);
        var told = await admin.ToldAsync($"actor={made.Application.Id}&action=signal.superseded_renewal");
        Assert.Equal(made.ClientSecret.Id, told.GetProperty("credential_id").GetString());
    }

    [Theory, BothEngines]
    public async Task A2_rotations_by_both_secrets_at_once_have_one_winner_and_the_newest_lives(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        for (var round = 0; round < 5; round++)
        {
            var made = await Scenario.On(admin).ApiKey().CreateAsync();
            var newest = await RotateAsync(admin.With(made.ApiKey.Secret));
            string[] secrets = [made.ApiKey.Secret, newest];
            var answers = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(i => admin.With(secrets[i % 2]).PostAsync(OwnRotation, new { overlap_seconds = 60 }))
            );
            // The oldest ends with the rotation; who presents it then is nobody.
            Assert.All(answers, answer => Assert.Contains(answer.Status, new[] { 200, 409, 401 }));
            var won = Assert.Single(answers, answer => answer.Status == 200);
            Assert.Equal("valid", await admin.CodeAsync(won.Text("token"), made.Api.Identifier));
            Assert.Equal("valid", await admin.CodeAsync(newest, made.Api.Identifier));
            Assert.Equal("revoked", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        }
    }

    [Theory, BothEngines]
    public async Task A2_a_key_has_one_live_successor_and_its_revocation_follows_the_line(Engine engine)
    {
        var (admin, client, made) = await KeyAsync(engine);
        using var second = ClientKey.Make();
        using var third = ClientKey.Make();
        using var other = ClientKey.Make();
        var old = made.PublicKey.Key;
        var idempotency = Idempotency("lost");
        var next = await RenewAsync(client, made, old, second, headers: idempotency).Expect(200);
        Assert.Equal((made.PublicKey.Id, made.PublicKey.Id), (next.Text("renewed_from"), next.Text("created_with")));
        Assert.Equal(made.Application.Id, next.Text("created_by"));
        await RenewAsync(client, made, old, other).ExpectOAuth(409, "secret_superseded");
        Assert.Equal(next.Body, (await RenewAsync(client, made, old, second, headers: idempotency).Expect(200)).Body);
        await RenewAsync(client, made, old, other, headers: idempotency).ExpectOAuth(422, "idempotency_key_reused");
        Assert.Equal(next.Text("id"), (await ShowAsync(admin, made, made.PublicKey.Id)).Text("superseded_by"));
        var last = await RenewAsync(client, made, second, third).Expect(200);
        // The first one still works, its successor was replaced itself: the line goes on at its end only.
        await RenewAsync(client, made, old, other).ExpectOAuth(409, "secret_superseded");

        await admin.DeleteAsync(PathOf(made, made.PublicKey.Id)).Expect(204);
        foreach (var id in new[] { next.Text("id"), last.Text("id") })
        {
            var ended = await ShowAsync(admin, made, id);
            Assert.Equal("revoked", ended.Text("state"));
            Assert.Contains(made.PublicKey.Id, ended.Text("revoked_reason"), StringComparison.Ordinal);
            Assert.Equal(
                "public_key.revoked",
                (await admin.ToldAsync($"target={id}&action=public_key.revoked")).GetProperty("action").GetString()
            );
        }

        await TokenAsync(client, made, third).ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task A2_deleting_a_predecessor_that_has_ended_touches_nothing_else_unless_it_leaked(Engine engine)
    {
        var (admin, client, made) = await KeyAsync(engine);
        using var second = ClientKey.Make();
        var next = await RenewAsync(client, made, made.PublicKey.Key, second).Expect(200);
        await admin.PatchAsync(PathOf(made, made.PublicKey.Id), new { expires_at = In(-1) }).Expect(200);
        await admin.DeleteAsync(PathOf(made, made.PublicKey.Id)).Expect(204);
        await TokenAsync(client, made, second).Expect(200);
        await admin.DeleteAsync(PathOf(made, made.PublicKey.Id) + "?reason=tidied%20up").Expect(204);
        await TokenAsync(client, made, second).Expect(200);
        // Found out later.
        await admin.DeleteAsync(PathOf(made, made.PublicKey.Id) + "?reason=leaked").Expect(204);
        Assert.Equal("revoked", (await ShowAsync(admin, made, next.Text("id"))).Text("state"));
        await TokenAsync(client, made, second).ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task A2_renewals_of_one_key_at_once_make_one_successor(Engine engine)
    {
        var (admin, client, made) = await KeyAsync(engine);
        var keys = Enumerable.Range(0, 8).Select(_ => ClientKey.Make()).ToList();
        var answers = await Task.WhenAll(keys.Select(key => RenewAsync(client, made, made.PublicKey.Key, key)));
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(answers.Where(answer => answer.Status != 200), answer => Assert.Equal("secret_superseded", answer.Text("error")));
        var listed = await admin.GetAsync($"/v1/applications/{made.Application.Id}/public-keys").Expect(200);
        Assert.Equal(2, listed.Json.GetProperty("items").GetArrayLength());
        keys.ForEach(key => key.Dispose());
    }

    [Theory, BothEngines]
    public async Task A2_where_the_successor_was_revoked_the_predecessor_renews_itself_again(Engine engine)
    {
        var (admin, client, made) = await KeyAsync(engine);
        using var wrong = ClientKey.Make();
        using var right = ClientKey.Make();
        var first = await RenewAsync(client, made, made.PublicKey.Key, wrong).Expect(200);
        await admin.DeleteAsync(PathOf(made, first.Text("id"))).Expect(204);
        var again = await RenewAsync(client, made, made.PublicKey.Key, right).Expect(200);
        Assert.Equal(again.Text("id"), (await ShowAsync(admin, made, made.PublicKey.Id)).Text("superseded_by"));
        await TokenAsync(client, made, right).Expect(200);
    }

    private static Dictionary<string, string> Idempotency(string key) => new() { ["Idempotency-Key"] = key };

    private static async Task<string> RotateAsync(ApiClient client) =>
        (await client.PostAsync(OwnRotation, new { overlap_seconds = 3600 }).Expect(200)).Text("token");

    private async Task<(ApiClient Admin, ApiClient Client, Created Made)> KeyAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        return (admin, await servers.AnonymousAsync(engine), await Scenario.On(admin).PublicKey().CreateAsync());
    }

    private static string PathOf(Created made, string id) => $"/v1/applications/{made.Application.Id}/public-keys/{id}";

    private static Task<ApiResponse> ShowAsync(ApiClient admin, Created made, string id) => admin.GetAsync(PathOf(made, id)).Expect(200);

    private static Task<ApiResponse> RenewAsync(
        ApiClient client,
        Created made,
        ClientKey by,
        ClientKey next,
        Dictionary<string, string>? headers = null
    ) =>
        client.FormAsync(
            "/oauth/renew",
            [.. Assertion(client, made, by), ("overlap_seconds", "3600"), ("jwk", next.Jwk.ToJsonString())],
            headers: headers
        );

    private static Task<ApiResponse> TokenAsync(ApiClient client, Created made, ClientKey by) =>
        client.FormAsync("/oauth/token", [("grant_type", "client_credentials"), .. Assertion(client, made, by)]);

    private static (string, string)[] Assertion(ApiClient client, Created made, ClientKey by) =>
        [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", by.Assertion(made.Application.Id, client.Address)),
        ];
}
