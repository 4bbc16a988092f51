namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// contract.md, Introspection: <c>introspect</c> sees every API, a listed resource server its own, the client what was issued to it;
/// anyone else sees exactly <c>{"active":false}</c> (§2 row 25).
/// </summary>
public sealed class IntrospectionVisibilityTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_client_sees_its_own_tokens_and_keys_and_no_others(Engine engine)
    {
        var (anonymous, admin) = await ServerAsync(engine);
        var own = await Scenario.On(admin).ClientSecret().ApiKey().PersonalAccessToken().CreateAsync();
        var other = await Scenario.On(admin).ClientSecret().CreateAsync();
        var token = await anonymous.AccessTokenAsync(own.Client());

        await anonymous.IntrospectAsync(token, own.Client()).ExpectActive();
        await anonymous.IntrospectAsync(own.ApiKey.Secret, own.Client()).ExpectActive();
        await anonymous.IntrospectAsync(own.PersonalAccessToken.Secret, own.Client()).ExpectInactive();
        await anonymous.IntrospectAsync(token, other.Client()).ExpectInactive();
        await anonymous.IntrospectAsync(own.ApiKey.Secret, other.Client()).ExpectInactive();
    }

    /// <summary>What is not visible cannot be told from what does not exist.</summary>
    [Theory, BothEngines]
    public async Task Foreign_and_unknown_tokens_are_answered_alike(Engine engine)
    {
        var (anonymous, admin) = await ServerAsync(engine);
        var own = await Scenario.On(admin).ClientSecret().CreateAsync();
        var other = await Scenario.On(admin).ClientSecret().CreateAsync();
        var foreign = await anonymous.IntrospectAsync(await anonymous.AccessTokenAsync(own.Client()), other.Client());
        var unknown = await anonymous.IntrospectAsync("unknown", other.Client());
        Assert.Equal(OAuthRequests.Fingerprint(unknown), OAuthRequests.Fingerprint(foreign));
    }

    [Theory, BothEngines]
    public async Task A_listed_resource_server_sees_its_own_APIs_only(Engine engine)
    {
        var (anonymous, admin) = await ServerAsync(engine);
        var server = await Scenario.On(admin).Application().ClientSecret().ApiKey().CreateAsync();
        var listed = new { resource_servers = new[] { server.Application.Id } };
        var made = await Scenario
            .On(admin)
            .Api(_ => listed, "mine:read")
            .Role()
            .Api("other:read")
            .Role()
            .Application()
            .ClientSecret()
            .ApiKey()
            .User()
            .PersonalAccessToken()
            .CreateAsync();
        var (mine, others) = (made.Apis[0].Identifier, made.Apis[1].Identifier);

        // A key is good at both; the resource server learns of the one.
        var key = await anonymous.IntrospectAsync(made.ApiKey.Secret, server.Client()).ExpectActive();
        Assert.Equal((mine, "mine:read"), (key.Text("aud"), key.Text("scope")));
        var pat = await anonymous.IntrospectAsync(made.PersonalAccessToken.Secret, server.Client()).ExpectActive();
        Assert.Equal((mine, "mine:read"), (pat.Text("aud"), pat.Text("scope")));
        var all = await admin.IntrospectAsync(made.ApiKey.Secret).ExpectActive();
        Assert.Equal(new[] { mine, others }.Order(), all.Json.GetProperty("aud").EnumerateArray().Select(aud => aud.GetString()!).Order());
        Assert.Equal("mine:read other:read", all.Text("scope"));

        var forMine = await anonymous.AccessTokenAsync(made.Client(), ("resource", mine));
        var forOthers = await anonymous.AccessTokenAsync(made.Client(), ("resource", others));
        await anonymous.IntrospectAsync(forMine, server.Client()).ExpectActive();
        await anonymous.IntrospectAsync(forOthers, server.Client()).ExpectInactive();
        // The same application by its API key, as bearer.
        var bearer = anonymous.With(server.ApiKey.Secret);
        await bearer.IntrospectAsync(forMine).ExpectActive();
        await bearer.IntrospectAsync(forOthers).ExpectInactive();

        await admin.PatchAsync($"/v1/api-resources/{made.Apis[0].Id}", new { resource_servers = Array.Empty<string>() }).Expect(200);
        await anonymous.IntrospectAsync(forMine, server.Client()).ExpectInactive();
        await bearer.IntrospectAsync(forMine).ExpectOAuth(403, "insufficient_scope");
    }

    [Theory, BothEngines]
    public async Task An_application_with_introspect_sees_everything_as_client_and_as_bearer(Engine engine)
    {
        var (anonymous, admin) = await ServerAsync(engine);
        var asker = await Scenario
            .On(admin)
            .ManagementRole("introspect")
            .Application()
            .ClientSecret()
            .ApiKey(_ => new { permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "introspect" } } } })
            .ApiKey()
            .CreateAsync();
        var made = await Scenario.On(admin).ClientSecret().PersonalAccessToken().CreateAsync();
        var token = await anonymous.AccessTokenAsync(made.Client());
        foreach (var good in new[] { token, made.PersonalAccessToken.Secret })
        {
            await anonymous.IntrospectAsync(good, asker.Client()).ExpectActive();
            await anonymous.With(asker.ApiKeys[0].Secret).IntrospectAsync(good).ExpectActive();
            // Management rights only when named: this key has none.
            await anonymous.With(asker.ApiKeys[1].Secret).IntrospectAsync(good).ExpectOAuth(403, "insufficient_scope");
        }

        var bearer = await anonymous.AccessTokenAsync(asker.Client(), ("resource", "urn:tokenry:management"));
        await anonymous.With(bearer).IntrospectAsync(token).ExpectActive();
        var elsewhere = await anonymous.AccessTokenAsync(made.Client());
        await anonymous.With(elsewhere).IntrospectAsync(token).ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task A_scope_taken_from_the_owner_is_no_longer_shown(Engine engine)
    {
        var (anonymous, admin) = await ServerAsync(engine);
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var token = await anonymous.AccessTokenAsync(made.Client());
        var narrowed = new { permissions = new[] { new { api = made.Api.Identifier, scopes = new[] { "invoices:read" } } } };
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", narrowed).Expect(200);
        Assert.Equal("invoices:read", (await anonymous.IntrospectAsync(token, made.Client()).ExpectActive()).Text("scope"));
        await admin.PatchAsync($"/v1/applications/{made.Application.Id}", new { roles = Array.Empty<string>() }).Expect(200);
        await anonymous.IntrospectAsync(token, made.Client()).ExpectInactive();
    }

    private async Task<(ApiClient Anonymous, ApiClient Admin)> ServerAsync(Engine engine) =>
        (await servers.AnonymousAsync(engine), await servers.AdminAsync(engine));
}
