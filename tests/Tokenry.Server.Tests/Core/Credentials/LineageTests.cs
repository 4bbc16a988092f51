using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Credentials;

/// <summary>What made a credential, and what falls with what (issue 13, A3).</summary>
public sealed class LineageTests(SharedServers servers)
{
    private const string Count = "Tokenry-Descendants";

    [Theory, BothEngines]
    public async Task A3_the_record_says_what_made_it_and_the_list_is_a_tree(Engine engine)
    {
        var family = await Family.ArrangeAsync(await servers.AdminAsync(engine));
        Assert.Equal(family.Root.Id, (await family.ShowAsync(family.Child)).Text("created_with"));
        Assert.Equal(family.Child.Id, (await family.ShowAsync(family.Grandchild)).Text("created_with"));
        Assert.Equal(family.Root.Id, (await family.ShowAsync(family.Key)).Text("created_with"));
        Assert.Equal(family.Person.Id, (await family.ShowAsync(family.Key)).Text("created_by"));

        string[] all = [family.Key.Id, family.Child.Id, family.Grandchild.Id];
        Assert.Equal(all.Order(StringComparer.Ordinal), await IdsAsync(family.Admin, family.Root.Id));
        Assert.Equal([family.Grandchild.Id], await IdsAsync(family.Admin, family.Child.Id));
        Assert.Empty(await IdsAsync(family.Admin, family.Key.Id));
        Assert.Equal(all.Order(StringComparer.Ordinal), await IdsAsync(family.Person.Client, family.Root.Id));
        Assert.Equal([family.Key.Id], await IdsAsync(family.Admin, family.Root.Id, "kind=api_key"));
        var first = await family.Admin.GetAsync($"/v1/credentials/{family.Root.Id}/descendants?limit=1").Expect(200);
        var rest = await family
            .Admin.GetAsync($"/v1/credentials/{family.Root.Id}/descendants?cursor={first.Text("next_cursor")}")
            .Expect(200);
        Assert.Equal(2, rest.Json.GetProperty("items").GetArrayLength());

        var stranger = await family.Admin.PersonWithTokenAsync([], At(Management, "tokens:own"));
        var foreign = await stranger.Client.GetAsync($"/v1/credentials/{family.Root.Id}/descendants").Expect(404, "not_found");
        var unknown = await stranger.Client.GetAsync("/v1/credentials/pat_000000000000000000000A/descendants").Expect(404, "not_found");
        Assert.Equal(
            foreign.Body.Replace(foreign.Header("X-Request-Id")!, "", StringComparison.Ordinal),
            unknown.Body.Replace(unknown.Header("X-Request-Id")!, "", StringComparison.Ordinal)
        );
    }

    [Theory, BothEngines]
    public async Task A3_without_a_word_descendants_stay_and_the_answer_counts_them(Engine engine)
    {
        var family = await Family.ArrangeAsync(await servers.AdminAsync(engine));
        var answer = await family.Admin.DeleteAsync($"/v1/tokens/{family.Root.Id}").Expect(204);
        Assert.Equal("3", answer.Header(Count));
        await family.ExpectAsync("valid", family.Child, family.Grandchild, family.Key);
        Assert.Equal("0", (await family.Admin.DeleteAsync($"/v1/api-keys/{family.Key.Id}").Expect(204)).Header(Count));
        Assert.Equal("2", (await family.Admin.DeleteAsync($"/v1/tokens/{family.Root.Id}").Expect(204)).Header(Count));
    }

    [Theory]
    [BothEngines("?reason=leaked")]
    [BothEngines("?reason=Leaked:%20in%20a%20build%20log")]
    [BothEngines("?descendants=revoke")]
    [BothEngines("?descendants=revoke&reason=tidying")]
    public async Task A3_what_it_minted_for_the_same_owner_falls_where_it_leaked_or_the_caller_asks(Engine engine, string query)
    {
        var family = await Family.ArrangeAsync(await servers.AdminAsync(engine));
        var answer = await family.Admin.DeleteAsync($"/v1/tokens/{family.Root.Id}{query}").Expect(204);
        Assert.Equal("0", answer.Header(Count));
        await family.ExpectAsync("revoked", family.Child, family.Grandchild, family.Key);
        foreach (var credential in new[] { family.Child, family.Grandchild, family.Key })
        {
            Assert.Contains(family.Root.Id, (await family.ShowAsync(credential)).Text("revoked_reason"), StringComparison.Ordinal);
            var told = await family.Admin.GetAsync($"/v1/audit?target={credential.Id}&result=success").Expect(200);
            Assert.Single(
                told.Json.GetProperty("items").EnumerateArray(),
                entry => entry.GetProperty("action").GetString()!.EndsWith(".revoked", StringComparison.Ordinal)
            );
        }
    }

    [Theory, BothEngines]
    public async Task A3_every_leak_report_takes_them_too_and_tells_the_reporter_nothing(Engine engine)
    {
        var family = await Family.ArrangeAsync(await servers.AdminAsync(engine));
        var report = await family.Admin.With(null).PostAsync("/v1/credentials/revoke", new { token = family.Root.Secret }).Expect(202);
        Assert.Null(report.Header(Count));
        await family.ExpectAsync("revoked", family.Root, family.Child, family.Grandchild, family.Key);
    }

    [Theory, BothEngines]
    public async Task A3_a_leak_that_is_reported_after_the_revocation_still_takes_them(Engine engine)
    {
        var family = await Family.ArrangeAsync(await servers.AdminAsync(engine));
        await family.Admin.DeleteAsync($"/v1/tokens/{family.Root.Id}?reason=tidying").Expect(204);
        await family.ExpectAsync("valid", family.Child);
        for (var i = 0; i < 2; i++)
            await family.Admin.With(null).PostAsync("/v1/credentials/revoke", new { token = family.Root.Secret }).Expect(202);
        await family.ExpectAsync("revoked", family.Child, family.Grandchild, family.Key);
        Assert.Equal("tidying", (await family.ShowAsync(family.Root)).Text("revoked_reason"));
        // A report that ends nothing writes nothing.
        var told = await family.Admin.GetAsync($"/v1/audit?target={family.Root.Id}&actor=anonymous&result=success").Expect(200);
        Assert.Single(told.Json.GetProperty("items").EnumerateArray());
    }

    [Theory, BothEngines]
    public async Task A3_a_credential_that_ends_itself_says_what_it_made_and_may_take_it_along(Engine engine)
    {
        var family = await Family.ArrangeAsync(await servers.AdminAsync(engine));
        Assert.Equal("1", (await family.As(family.Child).DeleteAsync("/v1/me/credential").Expect(204)).Header(Count));
        await family.ExpectAsync("valid", family.Grandchild);
        Assert.Equal("0", (await family.As(family.Root).DeleteAsync("/v1/me/credential?descendants=revoke").Expect(204)).Header(Count));
        await family.ExpectAsync("revoked", family.Grandchild, family.Key);
        await family.As(family.Root).DeleteAsync("/v1/me/credential").Expect(401);
    }

    [Theory, BothEngines]
    public async Task A3_only_two_words_say_what_happens_to_descendants(Engine engine)
    {
        var family = await Family.ArrangeAsync(await servers.AdminAsync(engine));
        await family.Admin.DeleteAsync($"/v1/tokens/{family.Root.Id}?descendants=all").ExpectFaultAsync("descendants");
        await family.ExpectAsync("valid", family.Root, family.Child);
        await family.Admin.DeleteAsync($"/v1/tokens/{family.Root.Id}?descendants=keep").Expect(204);
        await family.ExpectAsync("valid", family.Child);
    }

    [Theory, BothEngines]
    public async Task A3_what_a_management_credential_made_for_others_stays_until_it_is_revoked_by_the_list(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var deployment = await admin.CallerAsync("credentials:write", "credentials:read", "applications:write");
        var application = await deployment.Client.CreateApplicationAsync([]);
        var keys = new List<CreatedCredential>();
        for (var i = 0; i < 3; i++)
            keys.Add(await deployment.Client.CreateApiKeyAsync(application.Id));
        var other = await admin.CreateApiKeyAsync(application.Id);

        var answer = await admin.DeleteAsync($"/v1/tokens/{deployment.Token.Id}?reason=leaked&descendants=revoke").Expect(204);
        Assert.Equal("3", answer.Header(Count));
        foreach (var key in keys)
            Assert.Equal("valid", await admin.CodeAsync(key.Secret));
        var listed = await IdsAsync(admin, deployment.Token.Id);
        Assert.Equal(keys.Select(key => key.Id).Order(StringComparer.Ordinal), listed);

        var path = $"/v1/credentials/{deployment.Token.Id}/descendants/revoke";
        var revoked = await admin.PostAsync(path, new { reason = "deployment token leaked" }).Expect(200);
        Assert.Equal(3, revoked.Json.GetProperty("revoked").GetInt64());
        Assert.Equal("0", revoked.Header(Count));
        foreach (var key in keys)
        {
            Assert.Equal("revoked", await admin.CodeAsync(key.Secret));
            Assert.StartsWith(
                "deployment token leaked",
                (await admin.GetAsync($"/v1/api-keys/{key.Id}").Expect(200)).Text("revoked_reason"),
                StringComparison.Ordinal
            );
        }

        Assert.Equal("valid", await admin.CodeAsync(other.Secret));
        Assert.Equal(0, (await admin.PostAsync(path, new { }).Expect(200)).Json.GetProperty("revoked").GetInt64());
        await admin.PostAsync(path, new { reason = new string('x', 201) }).ExpectFaultAsync("reason");
    }

    [Theory, BothEngines]
    public async Task A3_who_may_write_only_their_own_revokes_only_their_own_by_the_list(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var developer = await admin.PersonWithTokenAsync([Developer], At(Management, "tokens:own", "applications:own"));
        var stronger = await admin.CreateRoleAsync([new { api = Management, scopes = new[] { "credentials:write" } }]);
        await admin.PatchAsync($"/v1/users/{developer.Id}", new { roles = new[] { Developer, stronger.Id } }).Expect(200);
        var token = await admin.CreatePersonalAccessTokenAsync(
            developer.Id,
            new { permissions = new[] { At(Management, "tokens:own", "credentials:write") } }
        );
        var theirs = await admin.With(token.Secret).CreateApiKeyAsync((await admin.CreateApplicationAsync([])).Id);
        var own = await admin
            .With(token.Secret)
            .PostAsync("/v1/me/tokens", new { name = "own", permissions = new[] { At(Management, "tokens:own") } })
            .Expect(201);
        var answer = await developer.Client.PostAsync($"/v1/credentials/{token.Id}/descendants/revoke", new { }).Expect(200);
        Assert.Equal((1, "1"), (answer.Json.GetProperty("revoked").GetInt32(), answer.Header(Count)));
        Assert.Equal("revoked", await admin.CodeAsync(own.Text("token")));
        Assert.Equal("valid", await admin.CodeAsync(theirs.Secret));
    }

    [Theory, BothEngines]
    public async Task A3_what_an_access_token_minted_is_its_credentials(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ManagementRole("credentials:write").Application().ClientSecret().CreateAsync();
        var anonymous = await servers.AnonymousAsync(engine);
        var token = await anonymous.AccessTokenAsync(made.Client(), ("resource", Management));
        var own = await anonymous
            .With(token)
            .CreateApiKeyAsync(made.Application.Id, new { permissions = Array.Empty<object>(), expires_at = In(60) });
        Assert.Equal(made.ClientSecret.Id, own.Response.Text("created_with"));
        var path = $"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}";
        Assert.Equal("0", (await admin.DeleteAsync(path + "?reason=leaked").Expect(204)).Header(Count));
        Assert.Equal("revoked", await admin.CodeAsync(own.Secret));
    }

    [Theory, BothEngines]
    public async Task A3_nothing_that_a_leaked_credential_mints_meanwhile_survives_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var body = new { name = "meanwhile", permissions = new[] { At(Management, "tokens:own") } };
        for (var round = 0; round < 8; round++)
        {
            var person = await admin.PersonWithTokenAsync([], At(Management, "tokens:own"));
            var child = await person.Client.PostAsync("/v1/me/tokens", body).Expect(201);
            var minting = Enumerable
                .Range(0, 8)
                .Select(i => (i % 2 == 0 ? person.Client : admin.With(child.Text("token"))).PostAsync("/v1/me/tokens", body))
                .ToList();
            await admin.With(null).PostAsync("/v1/credentials/revoke", new { token = person.Token.Secret }).Expect(202);
            foreach (var minted in await Task.WhenAll(minting))
            {
                Assert.Contains(minted.Status, new[] { 201, 401 });
                if (minted.Status == 201)
                    Assert.Equal("revoked", await admin.CodeAsync(minted.Text("token")));
            }

            var left = await admin.GetAsync($"/v1/users/{person.Id}/tokens?state=active").Expect(200);
            Assert.Empty(left.Json.GetProperty("items").EnumerateArray());
        }
    }

    private static async Task<List<string>> IdsAsync(ApiClient client, string id, string filter = "limit=200") =>
        [
            .. (await client.GetAsync($"/v1/credentials/{id}/descendants?{filter}").Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Select(item => item.GetProperty("id").GetString()!),
        ];

    /// <summary>A person's token, a token made with it, one made with that, and a key of an application of that person.</summary>
    private sealed record Family(
        ApiClient Admin,
        Person Person,
        CreatedCredential Root,
        CreatedCredential Child,
        CreatedCredential Grandchild,
        CreatedCredential Key
    )
    {
        public static async Task<Family> ArrangeAsync(ApiClient admin)
        {
            var person = await admin.PersonWithTokenAsync([Developer], At(Management, "tokens:own", "applications:own"));
            var child = await TokenAsync(person.Client);
            var grandchild = await TokenAsync(admin.With(child.Secret));
            var application = await person.Client.CreateApplicationAsync([]);
            return new(admin, person, person.Token, child, grandchild, await person.Client.CreateApiKeyAsync(application.Id));

            static async Task<CreatedCredential> TokenAsync(ApiClient by)
            {
                var made = await by.PostAsync(
                        "/v1/me/tokens",
                        new { name = "made", permissions = new[] { At(Management, "tokens:own", "applications:own") } }
                    )
                    .Expect(201);
                return new(made.Text("id"), made.Text("token"), made);
            }
        }

        public ApiClient As(CreatedCredential credential) => Admin.With(credential.Secret);

        public Task<ApiResponse> ShowAsync(CreatedCredential credential) =>
            Admin
                .GetAsync($"/v1/{(credential.Id.StartsWith("key_", StringComparison.Ordinal) ? "api-keys" : "tokens")}/{credential.Id}")
                .Expect(200);

        public async Task ExpectAsync(string code, params CreatedCredential[] credentials)
        {
            foreach (var credential in credentials)
                Assert.Equal(code, await Admin.CodeAsync(credential.Secret));
        }
    }
}
