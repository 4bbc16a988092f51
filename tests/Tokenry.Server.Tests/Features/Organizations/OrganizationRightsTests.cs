using System.Text.Json;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Core.Access;

/// <summary>effective = roles everywhere ∪ roles in the organization in which the credential acts, at every check.</summary>
public sealed class OrganizationRightsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_token_has_the_roles_everywhere_and_those_in_its_organization(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        await world.ExpectAsync(world.InOne.Secret, world.One, "everywhere", "one");
        await world.ExpectAsync(world.InTwo.Secret, world.Two, "everywhere", "two");
        await world.ExpectAsync(world.InNone.Secret, null, "everywhere");
        Assert.Equal(world.One, (await world.Admin.With(world.InOne.Secret).GetAsync("/v1/me").Expect(200)).Text("organization_id"));
        Assert.Equal(world.One, world.InOne.Response.Text("organization_id"));
        Assert.Equal(world.One, (await world.Admin.GetAsync($"/v1/tokens/{world.InOne.Id}").Expect(200)).Text("organization_id"));
    }

    [Theory, BothEngines]
    public async Task Removing_a_member_ends_its_token_there_at_the_next_check_and_no_other(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        await world.Admin.RemoveAsync(world.One, world.UserId).Expect(200);
        Assert.Equal("owner_disabled", await world.Admin.CodeAsync(world.InOne.Secret, world.Api));
        await world.Admin.With(world.InOne.Secret).GetAsync("/v1/me").Expect(401);
        await world.ExpectAsync(world.InTwo.Secret, world.Two, "everywhere", "two");
        await world.ExpectAsync(world.InNone.Secret, null, "everywhere");
        await world.Admin.JoinAsync(world.One, world.UserId, OrganizationMember).Expect(200);
        await world.ExpectAsync(world.InOne.Secret, world.One, "everywhere");
    }

    [Theory, BothEngines]
    public async Task A_change_of_roles_there_holds_at_the_next_check(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        await world.Admin.ReplaceAsync(world.One, world.UserId, OrganizationMember).Expect(200);
        await world.ExpectAsync(world.InOne.Secret, world.One, "everywhere");
        await world.Admin.PatchAsync($"/v1/users/{world.UserId}", new { roles = Array.Empty<string>() }).Expect(200);
        Assert.Equal("wrong_api", await world.Admin.CodeAsync(world.InOne.Secret, world.Api));
        await world.Admin.JoinAsync(world.One, world.UserId, world.RoleInOne).Expect(200);
        await world.ExpectAsync(world.InOne.Secret, world.One, "one");
        await world.Admin.PatchAsync($"/v1/roles/{world.RoleInOne}", new { permissions = new[] { At(world.Api, "two") } }).Expect(200);
        await world.ExpectAsync(world.InOne.Secret, world.One, "two");
    }

    [Theory, BothEngines]
    public async Task In_a_disabled_organization_nothing_acts(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        var application = await world.Admin.ApplicationOfAsync(world.One);
        await world
            .Admin.PatchAsync($"/v1/applications/{application.Id}", new { permissions = new[] { At(world.Api, "one") } })
            .Expect(200);
        var key = await world.Admin.CreateApiKeyAsync(application.Id);
        await world.ExpectAsync(key.Secret, world.One, "one");
        await world.Admin.PostAsync($"/v1/organizations/{world.One}/disable").Expect(200);
        Assert.Equal("owner_disabled", await world.Admin.CodeAsync(world.InOne.Secret, world.Api));
        Assert.Equal("owner_disabled", await world.Admin.CodeAsync(key.Secret, world.Api));
        await world.ExpectAsync(world.InTwo.Secret, world.Two, "everywhere", "two");
        await world.Admin.PostAsync($"/v1/organizations/{world.One}/enable").Expect(200);
        await world.ExpectAsync(world.InOne.Secret, world.One, "everywhere", "one");
        await world.ExpectAsync(key.Secret, world.One, "one");
    }

    [Theory, BothEngines]
    public async Task A_role_there_opens_nothing_of_the_whole_server(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var role = await admin.CreateRoleAsync([At(Management, "users:read", "applications:read", "organization:read")]);
        var person = await admin.MemberAsync(id, [role.Id], At(Management, "organization:read"));
        await admin
            .PostAsync(
                $"/v1/users/{person.Id}/tokens",
                new
                {
                    name = "x",
                    organization_id = id,
                    permissions = new[] { At(Management, "users:read") },
                }
            )
            .Expect(403, "exceeds_owner_rights");
        await person.Client.GetAsync("/v1/users").Expect(403, "insufficient_scope");
        // Nor do roles everywhere, while the credential acts in an organization.
        await admin.PatchAsync($"/v1/users/{person.Id}", new { roles = new[] { Administrator } }).Expect(200);
        await person.Client.GetAsync("/v1/users").Expect(403, "insufficient_scope");
        Assert.Equal([id], Ids(await person.Client.GetAsync("/v1/organizations")));
    }

    [Theory, BothEngines]
    public async Task The_token_endpoint_takes_an_organization_and_the_token_names_it_at_every_door(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["everywhere", "there"]);
        var organization = await admin.OrganizationAsync();
        var foreign = await admin.OrganizationAsync();
        var role = await admin.CreateRoleAsync([At(api.Identifier, "there")]);
        var client = await admin.CreateApplicationAsync([], new { permissions = new[] { At(api.Identifier, "everywhere") } });
        var secret = await admin.CreateClientSecretAsync(client.Id);
        await admin.JoinAsync(organization, client.Id, role.Id).Expect(200);

        var inNone = await TokenAsync(null).Expect(200);
        Assert.Equal(JsonValueKind.Undefined, Claim(inNone).ValueKind);
        Assert.Equal("everywhere", inNone.Text("scope"));
        var there = await TokenAsync(organization).Expect(200);
        Assert.Equal(organization, Claim(there).GetString());
        Assert.Equal("everywhere there", there.Text("scope"));

        var jwt = there.Text("access_token");
        Assert.Equal(organization, (await admin.VerifyAsync(jwt, api.Identifier).Expect(200)).Text("organization_id"));
        var introspected = await admin.FormAsync("/oauth/introspect", [("token", jwt)]).Expect(200);
        Assert.Equal(organization, introspected.Text("organization_id"));
        var door = await admin.With(jwt).GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(api.Identifier)}").Expect(200);
        Assert.Equal(organization, door.Header("X-Tokenry-Organization"));

        var refused = await TokenAsync(foreign).Expect(400);
        Assert.Equal("invalid_request", refused.Text("error"));
        Assert.Equal(refused.Body, (await TokenAsync("org_000000000000000000000A").Expect(400)).Body);
        Assert.Equal(refused.Body, (await TokenAsync("x").Expect(400)).Body);

        await admin.RemoveAsync(organization, client.Id).Expect(200);
        Assert.Equal("owner_disabled", await admin.CodeAsync(jwt, api.Identifier));
        Assert.Equal("valid", await admin.CodeAsync(inNone.Text("access_token"), api.Identifier));
        await TokenAsync(organization).Expect(400);

        Task<ApiResponse> TokenAsync(string? id) =>
            admin
                .With(null)
                .FormAsync(
                    "/oauth/token",
                    [
                        ("grant_type", "client_credentials"),
                        ("resource", api.Identifier),
                        .. id is null ? [] : new[] { ("organization_id", id) },
                    ],
                    (client.Id, secret.Secret)
                );
    }

    [Theory, BothEngines]
    public async Task An_application_of_an_organization_always_acts_there_and_outlives_its_maker(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["there"]);
        var organization = await admin.OrganizationAsync();
        var other = await admin.OrganizationAsync();
        var role = await admin.CreateRoleAsync([At(api.Identifier, "there")]);
        var maker = await admin.AdministratorAsync(organization);
        await admin.JoinAsync(organization, maker.Id, role.Id).Expect(200);
        maker = maker with
        {
            Client = admin.With(
                (
                    await admin.CreatePersonalAccessTokenAsync(
                        maker.Id,
                        new
                        {
                            organization_id = organization,
                            permissions = new[] { At(Management, AllScopes), At(api.Identifier, "there") },
                        }
                    )
                ).Secret
            ),
        };
        var application = await maker.Client.CreateApplicationAsync([], new { permissions = new[] { At(api.Identifier, "there") } });
        Assert.Equal(organization, application.Response.Text("organization_id"));
        var key = await maker.Client.CreateApiKeyAsync(application.Id);
        var secret = await maker.Client.CreateClientSecretAsync(application.Id);
        Assert.Equal(organization, key.Response.Text("organization_id"));
        await admin
            .PostAsync($"/v1/applications/{application.Id}/api-keys", new { name = "x", organization_id = other })
            .ExpectFaultAsync("organization_id");
        await admin.JoinAsync(other, application.Id).ExpectFaultAsync("member");

        await admin.AdministratorAsync(organization);
        await admin.DeleteAsync($"/v1/users/{maker.Id}").Expect(204);
        var verified = await admin.VerifyAsync(key.Secret, api.Identifier, ["there"]).Expect(200);
        Assert.Equal(("valid", organization), (verified.Text("code"), verified.Text("organization_id")));
        var token = await admin
            .With(null)
            .FormAsync("/oauth/token", [("grant_type", "client_credentials")], (application.Id, secret.Secret))
            .Expect(200);
        Assert.Equal(organization, Claim(token).GetString());

        var moved = await admin
            .PostAsync($"/v1/applications/{application.Id}/transfer", new { owner = (string?)null, organization_id = other })
            .Expect(200);
        Assert.Equal(other, moved.Text("application.organization_id"));
        Assert.Equal(2, moved.Json.GetProperty("credentials").GetProperty("count").GetInt32());
        Assert.Equal(other, (await admin.VerifyAsync(key.Secret, api.Identifier).Expect(200)).Text("organization_id"));
        // What was bought for the organization before names that one: it is good in neither.
        Assert.Equal("owner_disabled", await admin.CodeAsync(token.Text("access_token"), api.Identifier));
        await admin
            .PostAsync(
                $"/v1/applications/{application.Id}/transfer",
                new { owner = (await admin.PersonAsync()).Id, organization_id = other }
            )
            .ExpectFaultAsync("owner");
    }

    [Theory, BothEngines]
    public async Task An_exchanged_token_stays_in_the_organization_of_its_subject(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        var client = await world.Admin.CreateApplicationAsync([], new { token_exchange_audiences = new[] { world.Api } });
        var secret = await world.Admin.CreateClientSecretAsync(client.Id);
        var exchanged = await ExchangeAsync(world.InOne.Secret).Expect(200);
        Assert.Equal(world.One, Claim(exchanged).GetString());
        await world.ExpectAsync(exchanged.Text("access_token"), world.One, "everywhere", "one");
        Assert.Equal(world.One, Claim(await ExchangeAsync(world.InOne.Secret, world.One).Expect(200)).GetString());
        await ExchangeAsync(world.InOne.Secret, world.Two).Expect(400);
        await ExchangeAsync(world.InNone.Secret, world.One).Expect(400);
        await world.Admin.RemoveAsync(world.One, world.UserId).Expect(200);
        Assert.Equal("owner_disabled", await world.Admin.CodeAsync(exchanged.Text("access_token"), world.Api));

        Task<ApiResponse> ExchangeAsync(string token, string? organization = null) =>
            world
                .Admin.With(null)
                .FormAsync(
                    "/oauth/token",
                    [
                        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                        ("subject_token", token),
                        ("subject_token_type", "urn:tokenry:token-type:personal_access_token"),
                        ("resource", world.Api),
                        .. organization is null ? [] : new[] { ("organization_id", organization) },
                    ],
                    (client.Id, secret.Secret)
                );
    }

    [Theory, BothEngines]
    public async Task An_upstream_token_of_a_door_names_the_organization(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        var door = await world
            .Admin.With(world.InOne.Secret)
            .GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(world.Api)}&as=jwt")
            .Expect(200);
        Assert.Equal(world.One, door.Header("X-Tokenry-Organization"));
        Assert.Equal(world.One, OAuth.OAuthRequests.Claims(door.Header("X-Tokenry-Jwt")!).GetProperty("organization_id").GetString());
        var none = await world
            .Admin.With(world.InNone.Secret)
            .GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(world.Api)}")
            .Expect(200);
        Assert.Equal("", none.Header("X-Tokenry-Organization"));
    }

    [Theory, BothEngines]
    public async Task A_dry_run_of_a_membership_counts_the_tokens_that_act_there(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        var members = $"/v1/organizations/{world.One}/members";
        var loses = await world.Admin.DeleteAsync($"{members}/{world.UserId}?dry_run=true").Expect(200);
        Assert.Contains(
            loses.Json.GetProperty("loses").GetProperty("items").EnumerateArray(),
            item => item.GetProperty("credential_id").GetString() == world.InOne.Id
        );
        Assert.DoesNotContain(
            loses.Json.GetProperty("loses").GetProperty("items").EnumerateArray(),
            item => item.GetProperty("credential_id").GetString() == world.InTwo.Id
        );
        await world.ExpectAsync(world.InOne.Secret, world.One, "everywhere", "one");
        await world.Admin.ReplaceAsync(world.One, world.UserId, OrganizationMember).Expect(200);
        var gains = await world
            .Admin.PostAsync($"{members}?dry_run=true", new { member = world.UserId, roles = new[] { world.RoleInOne } })
            .Expect(200);
        Assert.Equal(1, gains.Json.GetProperty("gains").GetProperty("count").GetInt32());
        Assert.Equal(world.InOne.Id, gains.Json.GetProperty("gains").GetProperty("items")[0].GetProperty("credential_id").GetString());
    }

    private static JsonElement Claim(ApiResponse token) =>
        OAuth.OAuthRequests.Claims(token.Text("access_token")).TryGetProperty("organization_id", out var claim) ? claim : default;

    /// <summary>A user with one right everywhere and one in each of two organizations, and a token for each.</summary>
    private sealed record World(ApiClient Admin, string Api, string UserId)
    {
        public required string One { get; init; }

        public required string Two { get; init; }

        public required string RoleInOne { get; init; }

        public required CreatedCredential InOne { get; init; }

        public required CreatedCredential InTwo { get; init; }

        public required CreatedCredential InNone { get; init; }

        public static async Task<World> ArrangeAsync(ApiClient admin)
        {
            var api = (await admin.CreateApiAsync(["everywhere", "one", "two"])).Identifier;
            var user = await admin.PersonAsync((await admin.CreateRoleAsync([At(api, "everywhere")])).Id);
            var (one, two) = (await admin.OrganizationAsync(), await admin.OrganizationAsync());
            var roleInOne = (await admin.CreateRoleAsync([At(api, "one")])).Id;
            await admin.JoinAsync(one, user.Id, OrganizationMember, roleInOne).Expect(200);
            await admin.JoinAsync(two, user.Id, (await admin.CreateRoleAsync([At(api, "two")])).Id).Expect(200);
            return new World(admin, api, user.Id)
            {
                One = one,
                Two = two,
                RoleInOne = roleInOne,
                InOne = await TokenAsync(one),
                InTwo = await TokenAsync(two),
                InNone = await TokenAsync(null),
            };

            Task<CreatedCredential> TokenAsync(string? organization) =>
                admin.CreatePersonalAccessTokenAsync(user.Id, new { permissions = "owner", organization_id = organization });
        }

        public async Task ExpectAsync(string token, string? organization, params string[] scopes)
        {
            var answer = await Admin.VerifyAsync(token, Api).Expect(200);
            Assert.True(answer.Json.GetProperty("valid").GetBoolean(), answer.Body);
            Assert.Equal(scopes, Strings(answer.Json.GetProperty("scopes")));
            Assert.Equal(organization, answer.Json.GetProperty("organization_id").GetString());
        }
    }
}
