using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Core.Access;

/// <summary>A personal access token that names several organizations has in each what it names there, and elsewhere nothing of that.</summary>
public sealed class SeveralOrganizationsTests(SharedServers servers)
{
    private const string Nowhere = "org_000000000000000000000A";

    [Theory, BothEngines]
    public async Task The_request_chooses_the_organization_at_every_door(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        await world.ExpectAsync(null, "everywhere");
        await world.ExpectAsync(world.One, "everywhere", "one");
        await world.ExpectAsync(world.Two, "two");
        foreach (var other in new[] { world.Three, Nowhere })
        {
            Assert.Equal("""{"valid":false,"code":"wrong_organization"}""", (await world.VerifyAsync(world.Token.Secret, other)).Body);
            await world.DoorAsync(world.Token.Secret, other).Expect(403, "wrong_organization");
        }

        Assert.Equal(world.Two, (await world.DoorAsync(world.Token.Secret, world.Two).Expect(200)).Header("X-Tokenry-Organization"));
        Assert.Equal("two", (await world.DoorAsync(world.Token.Secret, world.Two).Expect(200)).Header("X-Tokenry-Scopes"));
        Assert.Equal("", (await world.DoorAsync(world.Token.Secret, null).Expect(200)).Header("X-Tokenry-Organization"));
        await world.Admin.PostAsync("/v1/verify", new { token = world.Token.Secret, organization = "x" }).ExpectFaultAsync("organization");
        await world.DoorAsync(world.Token.Secret, "x").ExpectFaultAsync("organization");
        var batch = await world
            .Admin.PostAsync(
                "/v1/verify/batch",
                new
                {
                    items = new[]
                    {
                        new
                        {
                            token = world.Token.Secret,
                            api = world.Api,
                            organization = world.One,
                        },
                        new
                        {
                            token = world.Token.Secret,
                            api = world.Api,
                            organization = world.Three,
                        },
                    },
                }
            )
            .Expect(200);
        Assert.Equal(
            ["valid", "wrong_organization"],
            batch.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("code").GetString())
        );
    }

    [Theory, BothEngines]
    public async Task Every_other_credential_is_refused_where_it_does_not_act(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var inOne = await world.Admin.CreatePersonalAccessTokenAsync(
            world.UserId,
            new { permissions = "owner", organization_id = world.One }
        );
        var inNone = await world.Admin.CreatePersonalAccessTokenAsync(world.UserId, new { permissions = "owner" });
        var application = await world.Admin.ApplicationOfAsync(world.One);
        await world
            .Admin.PatchAsync($"/v1/applications/{application.Id}", new { permissions = new[] { At(world.Api, "one") } })
            .Expect(200);
        var key = await world.Admin.CreateApiKeyAsync(application.Id);
        Assert.Equal("valid", await world.CodeAsync(inOne.Secret, world.One));
        Assert.Equal("valid", await world.CodeAsync(key.Secret, world.One));
        Assert.Equal("wrong_organization", await world.CodeAsync(inOne.Secret, world.Two));
        Assert.Equal("wrong_organization", await world.CodeAsync(key.Secret, world.Two));
        Assert.Equal("wrong_organization", await world.CodeAsync(inNone.Secret, world.One));
    }

    [Theory, BothEngines]
    public async Task An_end_of_membership_or_of_the_organization_ends_it_there_alone(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        await world.Admin.RemoveAsync(world.One, world.UserId).Expect(200);
        Assert.Equal("wrong_organization", await world.CodeAsync(world.Token.Secret, world.One));
        await world.ExpectAsync(world.Two, "two");
        await world.ExpectAsync(null, "everywhere");
        await world.Admin.JoinAsync(world.One, world.UserId, OrganizationMember).Expect(200);
        await world.ExpectAsync(world.One, "everywhere"); // "one" is named, and no role gives it any more
        await world.Admin.PostAsync($"/v1/organizations/{world.Two}/disable").Expect(200);
        Assert.Equal("wrong_organization", await world.CodeAsync(world.Token.Secret, world.Two));
        await world.Admin.PostAsync($"/v1/organizations/{world.Two}/enable").Expect(200);
        await world.ExpectAsync(world.Two, "two");
    }

    [Theory, BothEngines]
    public async Task An_exchange_chooses_one_and_its_token_stays_there(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var client = await world.Admin.CreateApplicationAsync([], new { token_exchange_audiences = new[] { world.Api } });
        var secret = await world.Admin.CreateClientSecretAsync(client.Id);
        var inTwo = await ExchangeAsync(world.Token.Secret, world.Two).Expect(200);
        Assert.Equal(world.Two, OAuth.OAuthRequests.Claims(inTwo.Text("access_token")).GetProperty("organization_id").GetString());
        Assert.Equal("two", inTwo.Text("scope"));
        Assert.Equal("valid", await world.CodeAsync(inTwo.Text("access_token"), world.Two));
        Assert.Equal("wrong_organization", await world.CodeAsync(inTwo.Text("access_token"), world.One));
        var inNone = await ExchangeAsync(world.Token.Secret, null).Expect(200);
        Assert.Equal("everywhere", inNone.Text("scope"));
        Assert.False(OAuth.OAuthRequests.Claims(inNone.Text("access_token")).TryGetProperty("organization_id", out _));
        await ExchangeAsync(world.Token.Secret, world.Three).Expect(400);
        await ExchangeAsync(inNone.Text("access_token"), world.Two).Expect(400);

        await world.Admin.DeleteAsync($"/v1/organizations/{world.Two}/tokens/{world.Token.Id}").Expect(204);
        Assert.Equal("wrong_api", await world.CodeAsync(inTwo.Text("access_token"), null));

        Task<ApiResponse> ExchangeAsync(string token, string? organization) =>
            world
                .Admin.With(null)
                .FormAsync(
                    "/oauth/token",
                    [
                        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                        ("subject_token", token),
                        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                        ("resource", world.Api),
                        .. organization is null ? [] : new[] { ("organization_id", organization) },
                    ],
                    (client.Id, secret.Secret)
                );
    }

    [Theory, BothEngines]
    public async Task What_the_request_may_name(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var path = $"/v1/users/{world.UserId}/tokens";
        var inOne = new[] { new { id = world.One, permissions = new[] { At(world.Api, "one") } } };
        await Make(new { name = "x", organizations = Array.Empty<object>() }).ExpectFaultAsync("organizations");
        await Make(new { name = "x", organizations = new[] { new { id = world.One, permissions = Array.Empty<object>() } } })
            .ExpectFaultAsync("organizations");
        await Make(new { name = "x", organizations = new[] { inOne[0], inOne[0] } }).ExpectFaultAsync("organizations");
        await Make(
                new
                {
                    name = "x",
                    organizations = inOne,
                    organization_id = world.One,
                }
            )
            .ExpectFaultAsync("organizations");
        await Make(
                new
                {
                    name = "x",
                    organizations = inOne,
                    permissions = "owner",
                }
            )
            .ExpectFaultAsync("permissions");
        await Make(new { name = "x", organizations = new[] { new { id = world.One, permissions = new[] { At(world.Api, "no") } } } })
            .ExpectFaultAsync("organizations");
        await Make(new { name = "x", organizations = new[] { new { id = world.One, permissions = new[] { At(world.Api, "two") } } } })
            .Expect(403, "exceeds_owner_rights");
        var foreign = await In(world.Three).ExpectFaultAsync("organizations");
        var unknown = await In(Nowhere).ExpectFaultAsync("organizations");
        Assert.Equal(Plain(foreign).Replace(world.Three, Nowhere, StringComparison.Ordinal), Plain(unknown));
        var application = await world.Admin.CreateApplicationAsync([]);
        await world
            .Admin.PostAsync($"/v1/applications/{application.Id}/api-keys", new { name = "x", organizations = inOne })
            .ExpectFaultAsync("organizations");

        // A PATCH changes what it may do outside organizations, and keeps the rest.
        await world.Admin.PatchAsync($"/v1/tokens/{world.Token.Id}", new { permissions = Array.Empty<object>() }).Expect(200);
        Assert.Equal("wrong_api", await world.CodeAsync(world.Token.Secret, null));
        await world.ExpectAsync(world.Two, "two");
        await world.Admin.PatchAsync($"/v1/tokens/{world.Token.Id}", new { permissions = "owner" }).ExpectFaultAsync("permissions");
        var rotated = await world.Admin.PostAsync($"/v1/tokens/{world.Token.Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        Assert.Equal("valid", await world.CodeAsync(rotated.Text("token"), world.Two));

        Task<ApiResponse> Make(object request) => world.Admin.PostAsync(path, request);
        Task<ApiResponse> In(string id) =>
            Make(new { name = "x", organizations = new[] { new { id, permissions = new[] { At(world.Api, "one") } } } });
        static string Plain(ApiResponse answer) => answer.Json.GetProperty("errors").GetRawText();
    }

    [Theory, BothEngines]
    public async Task A_caller_gives_in_each_organization_what_the_calling_credential_has_there(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var caller = world.Admin.With(
            (
                await world.Admin.CreatePersonalAccessTokenAsync(
                    world.UserId,
                    new
                    {
                        permissions = new[] { At(Management, "tokens:own"), At(world.Api, "everywhere") },
                        organizations = new[] { new { id = world.One, permissions = new[] { At(world.Api, "one") } } },
                    }
                )
            ).Secret
        );
        var made = await Make(caller, world.One, "one").Expect(201);
        Assert.Equal("valid", await world.CodeAsync(made.Text("token"), world.One));
        await Make(caller, world.One, "everywhere").Expect(403, "exceeds_own_rights");
        await Make(caller, world.Two, "two").Expect(403, "exceeds_own_rights");
        var plain = world.Admin.With(
            (
                await world.Admin.CreatePersonalAccessTokenAsync(
                    world.UserId,
                    new { permissions = new[] { At(Management, "tokens:own"), At(world.Api, "everywhere") } }
                )
            ).Secret
        );
        await Make(plain, world.One, "everywhere").Expect(403, "exceeds_own_rights");
        var there = world.Admin.With(
            (
                await world.Admin.CreatePersonalAccessTokenAsync(
                    world.UserId,
                    new { organization_id = world.One, permissions = new[] { At(Management, "tokens:own"), At(world.Api, "one") } }
                )
            ).Secret
        );
        await Make(there, world.One, "one").ExpectFaultAsync("organizations");
        // Nor does it change or rotate one that is stronger than itself.
        await plain.PostAsync($"/v1/tokens/{world.Token.Id}/rotate", new { overlap_seconds = 0 }).Expect(403, "exceeds_own_rights");
        await caller.PostAsync($"/v1/tokens/{world.Token.Id}/rotate", new { overlap_seconds = 0 }).Expect(403, "exceeds_own_rights");
        await caller.PostAsync($"/v1/tokens/{made.Text("id")}/rotate", new { overlap_seconds = 0 }).Expect(200);

        Task<ApiResponse> Make(ApiClient client, string id, string scope) =>
            client.PostAsync(
                "/v1/me/tokens",
                new
                {
                    name = "x",
                    permissions = Array.Empty<object>(),
                    organizations = new[] { new { id, permissions = new[] { At(world.Api, scope) } } },
                }
            );
    }

    [Theory, BothEngines]
    public async Task An_administrator_of_one_organization_sees_and_ends_what_it_may_do_there_alone(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var one = await world.Admin.AdministratorAsync(world.One);
        var three = await world.Admin.AdministratorAsync(world.Three);
        var list = await one.Client.GetAsync($"/v1/organizations/{world.One}/tokens").Expect(200);
        var shown = Assert.Single(list.Json.GetProperty("items").EnumerateArray());
        Assert.Equal(world.Token.Id, shown.GetProperty("id").GetString());
        Assert.DoesNotContain(world.Two, list.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("\"two\"", list.Body, StringComparison.Ordinal);
        await one.Client.GetAsync($"/v1/tokens/{world.Token.Id}").Expect(404);
        await one.Client.DeleteAsync($"/v1/tokens/{world.Token.Id}").Expect(404);
        await one.Client.DeleteAsync($"/v1/organizations/{world.Two}/tokens/{world.Token.Id}").Expect(404);
        Assert.Empty(Ids(await three.Client.GetAsync($"/v1/organizations/{world.Three}/tokens")));
        await three.Client.DeleteAsync($"/v1/organizations/{world.Three}/tokens/{world.Token.Id}").Expect(404);

        await one.Client.DeleteAsync($"/v1/organizations/{world.One}/tokens/{world.Token.Id}").Expect(204);
        Assert.Equal("wrong_organization", await world.CodeAsync(world.Token.Secret, world.One));
        await world.ExpectAsync(world.Two, "two");
        await world.ExpectAsync(null, "everywhere");
        Assert.Empty(Ids(await one.Client.GetAsync($"/v1/organizations/{world.One}/tokens")));
        Assert.Equal(1, await world.Admin.EventsAsync(world.One, "organization.token_excluded"));
        Assert.Equal(0, await world.Admin.EventsAsync(world.Two, "organization.token_excluded"));
    }

    [Theory, BothEngines]
    public async Task The_policy_of_each_organization_binds_it(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        await world.Admin.PatchAsync($"/v1/organizations/{world.Two}/policy", new { max_tokens_per_user = 1 }).Expect(200);
        await Make(world.Two, "two").Expect(422, "policy_violation"); // one names it already
        await Make(world.One, "one").Expect(201);
        await world
            .Admin.PatchAsync($"/v1/organizations/{world.One}/policy", new { forbidden_kinds = new[] { "personal_access_token" } })
            .Expect(200);
        await Make(world.One, "one").Expect(422, "policy_violation");
        await world.Admin.PostAsync($"/v1/tokens/{world.Token.Id}/rotate", new { overlap_seconds = 0 }).Expect(422, "policy_violation");
        var preview = await world
            .Admin.PostAsync($"/v1/organizations/{world.Two}/policy/preview", new { forbidden_kinds = new[] { "personal_access_token" } })
            .Expect(200);
        Assert.Contains(world.Token.Id, preview.Body, StringComparison.Ordinal);

        Task<ApiResponse> Make(string id, string scope) =>
            world.Admin.PostAsync(
                $"/v1/users/{world.UserId}/tokens",
                new { name = "x", organizations = new[] { new { id, permissions = new[] { At(world.Api, scope) } } } }
            );
    }

    [Theory, BothEngines]
    public async Task A_dry_run_counts_what_it_loses_in_one_of_them(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var loses = await world.Admin.DeleteAsync($"/v1/organizations/{world.Two}/members/{world.UserId}?dry_run=true").Expect(200);
        var lost = Assert.Single(
            loses.Json.GetProperty("loses").GetProperty("items").EnumerateArray(),
            item => item.GetProperty("credential_id").GetString() == world.Token.Id
        );
        Assert.Equal(["two"], Strings(lost.GetProperty("scopes")));
    }

    [Theory, BothEngines]
    public async Task A_person_makes_one_on_the_page(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var browser = await world.Admin.BrowserOfAsync(world.UserId);
        var page = await browser.GetAsync("/account/tokens/new").Expect(200);
        Assert.Contains($"value=\"{world.One}\"", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Three, page.Body, StringComparison.Ordinal);
        var made = await SendAsync([
            ("name", "laptop"),
            ("expires", "30"),
            ("scope", $"{world.Api} everywhere"),
            ("organization", world.One),
            ("organization", world.Two),
        ]);
        Assert.True(made.Status == 200, made.Body);
        var token = Assert.Single(
            (await world.Admin.GetAsync($"/v1/users/{world.UserId}/tokens").Expect(200)).Json.GetProperty("items").EnumerateArray(),
            item => item.GetProperty("name").GetString() == "laptop"
        );
        Assert.Equal(
            new[] { world.One, world.Two }.Order(StringComparer.Ordinal),
            token
                .GetProperty("organizations")
                .EnumerateArray()
                .Select(there => there.GetProperty("id").GetString()!)
                .Order(StringComparer.Ordinal)
        );
        var shown = await browser.GetAsync($"/account/tokens/{token.GetProperty("id").GetString()}").Expect(200);
        Assert.Contains(world.Two, shown.Body, StringComparison.Ordinal);
        // In each organization other scopes; those of an organization that is not chosen do not count.
        made = await SendAsync([
            ("name", "desk"),
            ("expires", "30"),
            ("scope", $"{world.Api} everywhere"),
            ("organization", world.One),
            ("scope_there", $"{world.One} {world.Api} one"),
            ("scope_there", $"{world.Two} {world.Api} two"),
        ]);
        Assert.True(made.Status == 200, made.Body);
        var desk = Assert.Single(
            (await world.Admin.GetAsync($"/v1/users/{world.UserId}/tokens").Expect(200)).Json.GetProperty("items").EnumerateArray(),
            item => item.GetProperty("name").GetString() == "desk"
        );
        var only = Assert.Single(desk.GetProperty("organizations").EnumerateArray());
        Assert.Equal(world.One, only.GetProperty("id").GetString());
        Assert.Equal(["one"], Strings(only.GetProperty("permissions")[0].GetProperty("scopes")));
        Assert.Equal(["everywhere"], Strings(desk.GetProperty("permissions")[0].GetProperty("scopes")));
        Assert.Contains($"value=\"{world.One} {world.Api} one\"", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain($"value=\"{world.One} {world.Api} two\"", page.Body, StringComparison.Ordinal);
        var none = await SendAsync([("name", "x"), ("expires", "30"), ("organization", world.One)]);
        Assert.Contains("needs at least one scope in each chosen organization", none.Expect(400).Body, StringComparison.Ordinal);
        var refused = await SendAsync([
            ("name", "x"),
            ("expires", "30"),
            ("scope", $"{world.Api} everywhere"),
            ("organization", world.Three),
        ]);
        Assert.Equal(400, refused.Status);
        Assert.Contains("is not an organization in which the owner of the credential can act", refused.Body, StringComparison.Ordinal);

        async Task<ApiResponse> SendAsync((string, string)[] fields) =>
            await browser.PostAsync(
                "/account/tokens/new",
                [.. await browser.HiddenAsync("/account/tokens/new", "account/tokens/new"), .. fields]
            );
    }
}
