namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>RFC 7009. That a revoked token is refused at every door: <see cref="AccessTokenLifeTests"/>.</summary>
public sealed class RevocationEndpointTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_revoked_access_token_is_200_and_empty_and_again_200(Engine engine)
    {
        var (anonymous, _, made) = await ArrangeAsync(engine);
        var token = await anonymous.AccessTokenAsync(made.Client());
        var sibling = await anonymous.AccessTokenAsync(made.Client());
        for (var i = 0; i < 2; i++)
        {
            var response = await anonymous.RevokeAsync(token, made.Client()).Expect(200);
            Assert.Empty(response.Body);
            OAuthRequests.ExpectUncached(response);
        }

        await anonymous.IntrospectAsync(token, made.Client()).ExpectInactive();
        await anonymous.IntrospectAsync(sibling, made.Client()).ExpectActive(); // that token only
        await anonymous.TokenAsync(made.Client()).Expect(200);
    }

    [Theory, BothEngines]
    public async Task An_API_key_of_the_application_is_revoked(Engine engine)
    {
        var (anonymous, admin, made) = await ArrangeAsync(engine);
        await anonymous.RevokeAsync(made.ApiKey.Secret, made.Client()).Expect(200);
        Assert.Equal("revoked", await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier));
        await anonymous.With(made.ApiKey.Secret).GetAsync("/v1/me").Expect(401, "invalid_token");
        await anonymous.RevokeAsync(made.ApiKey.Secret, made.Client()).Expect(200);
        var record = await admin.GetAsync($"/v1/applications/{made.Application.Id}/api-keys/{made.ApiKey.Id}").Expect(200);
        Assert.Equal("revoked", record.Text("state"));
    }

    /// <summary>Only the token endpoint has grants: elsewhere a subject token is no client authentication, however the form names it.</summary>
    [Theory]
    [BothEngines("/oauth/revoke", "none")]
    [BothEngines("/oauth/revoke", "required")]
    [BothEngines("/oauth/introspect", "none")]
    [BothEngines("/oauth/renew", "none")]
    public async Task A_key_sent_as_a_subject_token_authenticates_nobody_here(Engine engine, string path, string signing)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => new { request_signing = signing }).CreateAsync();
        await (await servers.AnonymousAsync(engine))
            .FormAsync(
                path,
                [
                    ("grant_type", Exchange.Grant),
                    ("client_id", made.Application.Id),
                    ("subject_token", made.ApiKey.Secret),
                    ("subject_token_type", Exchange.ApiKey),
                    ("token", "whatever"),
                ]
            )
            .ExpectOAuth(401, "invalid_client");
        var record = await admin.GetAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(200);
        Assert.Equal("active", record.Text("state"));
    }

    [Theory, BothEngines]
    public async Task Anothers_token_is_invalid_grant_and_stays_active(Engine engine)
    {
        var (anonymous, admin, made) = await ArrangeAsync(engine);
        var thief = await Scenario.On(admin).ManagementRole("introspect", "verify").Application().ClientSecret().CreateAsync();
        var token = await anonymous.AccessTokenAsync(made.Client());
        foreach (var theirs in new[] { token, made.ApiKey.Secret })
        {
            await anonymous.RevokeAsync(theirs, thief.Client()).ExpectOAuth(400, "invalid_grant");
            Assert.Equal("valid", await admin.VerifyAsync(theirs, made.Api.Identifier));
            await anonymous.IntrospectAsync(theirs, made.Client()).ExpectActive();
        }
    }

    [Theory, BothEngines]
    public async Task Personal_access_tokens_and_client_secrets_are_unsupported_and_stay_good(Engine engine)
    {
        var (anonymous, admin) = (await servers.AnonymousAsync(engine), await servers.AdminAsync(engine));
        var made = await Scenario.On(admin).ClientSecret().PersonalAccessToken().CreateAsync();
        await anonymous.RevokeAsync(made.PersonalAccessToken.Secret, made.Client()).ExpectOAuth(400, "unsupported_token_type");
        Assert.Equal("valid", await admin.VerifyAsync(made.PersonalAccessToken.Secret, made.Api.Identifier));
        await anonymous.RevokeAsync(made.ClientSecret.Secret, made.Client()).ExpectOAuth(400, "unsupported_token_type");
        await anonymous.TokenAsync(made.Client()).Expect(200);
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("a.b.c")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("tkr_key_0000000000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("tkr_pat_broken")]
    [InlineData("\"é🔑\r\n")]
    public async Task What_is_no_token_of_ours_is_200_as_the_client_wants_it(string token)
    {
        var (anonymous, _, made) = await ArrangeAsync(Engine.Sqlite);
        var response = await anonymous.RevokeAsync(token, made.Client()).Expect(200);
        Assert.Empty(response.Body);
    }

    /// <summary>Half of a key revokes nothing: the id is public, the secret is what proves possession.</summary>
    [Theory, BothEngines]
    public async Task A_key_with_a_wrong_or_superseded_secret_revokes_nothing(Engine engine)
    {
        var (anonymous, admin, made) = await ArrangeAsync(engine);
        var token = await anonymous.AccessTokenAsync(made.Client());
        var forged = token[..^4] + (token.EndsWith("AAAA", StringComparison.Ordinal) ? "BBBB" : "AAAA");
        await anonymous.RevokeAsync(forged, made.Client()).Expect(200);
        await anonymous.IntrospectAsync(token, made.Client()).ExpectActive();

        var rotation = await admin
            .PostAsync($"/v1/applications/{made.Application.Id}/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 0 })
            .Expect(200);
        await anonymous.RevokeAsync(made.ApiKey.Secret, made.Client()).Expect(200);
        Assert.Equal("valid", await admin.VerifyAsync(rotation.Text("token"), made.Api.Identifier));
    }

    [Fact]
    public async Task The_hint_is_only_a_hint()
    {
        var (anonymous, _, made) = await ArrangeAsync(Engine.Sqlite);
        foreach (var hint in new[] { "refresh_token", "unheard_of", "access_token" })
        {
            var token = await anonymous.AccessTokenAsync(made.Client());
            await anonymous.FormAsync("/oauth/revoke", [("token", token), ("token_type_hint", hint)], made.Client()).Expect(200);
            await anonymous.IntrospectAsync(token, made.Client()).ExpectInactive();
        }
    }

    [Fact]
    public async Task A_missing_token_is_invalid_request()
    {
        var (anonymous, _, made) = await ArrangeAsync(Engine.Sqlite);
        await anonymous.FormAsync("/oauth/revoke", [], made.Client()).ExpectOAuth(400, "invalid_request");
        await anonymous.FormAsync("/oauth/revoke", [("token", "")], made.Client()).ExpectOAuth(400, "invalid_request");
    }

    [Theory, BothEngines]
    public async Task Without_authentication_nothing_is_revoked(Engine engine)
    {
        var (anonymous, admin, made) = await ArrangeAsync(engine);
        var token = await anonymous.AccessTokenAsync(made.Client());
        await anonymous.RevokeAsync(token, (made.Application.Id, "wrong")).ExpectOAuth(401, "invalid_client");
        await anonymous.FormAsync("/oauth/revoke", [("token", token)]).ExpectOAuth(401, "invalid_client");
        await anonymous
            .FormAsync("/oauth/revoke", [("token", token), ("client_id", made.Application.Id)])
            .ExpectOAuth(401, "invalid_client");
        await admin.FormAsync("/oauth/revoke", [("token", token)]).ExpectOAuth(401, "invalid_client"); // not even the administrator's bearer
        await anonymous.IntrospectAsync(token, made.Client()).ExpectActive();
    }

    /// <summary>Two at once: both are told that it is done, and it is.</summary>
    [Theory, BothEngines]
    public async Task Parallel_revocations_of_one_token_are_all_200(Engine engine)
    {
        var (anonymous, _, made) = await ArrangeAsync(engine);
        var token = await anonymous.AccessTokenAsync(made.Client());
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => anonymous.RevokeAsync(token, made.Client())));
        Assert.All(answers, answer => answer.Expect(200));
        var keys = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => anonymous.RevokeAsync(made.ApiKey.Secret, made.Client())));
        Assert.All(keys, answer => answer.Expect(200));
    }

    private async Task<(ApiClient Anonymous, ApiClient Admin, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ClientSecret().ApiKey().CreateAsync();
        return (await servers.AnonymousAsync(engine), admin, made);
    }
}
