using Tokenry.Server.Tests.Features.Approvals;
using Tokenry.Server.Tests.Features.Approvals.RoleRequests;
using Tokenry.Server.Tests.Features.Notices;
using Tokenry.Server.Tests.Features.Organizations;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>A user with one role, acting by a personal access token that names all the role's management scopes; fresh for every call, so that no call disturbs another.</summary>
internal sealed class Actor
{
    private const string Management = "urn:tokenry:management";

    private Actor(ApiClient client, string userId, string credentialId, IReadOnlyList<string> scopes) =>
        (Client, UserId, CredentialId, Scopes) = (client, userId, credentialId, scopes);

    public ApiClient Client { get; }

    public string UserId { get; }

    /// <summary>Of the token that it acts by.</summary>
    public string CredentialId { get; }

    public IReadOnlyList<string> Scopes { get; }

    /// <param name="admin">Who arranges it.</param>
    /// <param name="roles">Ids of the user's roles.</param>
    /// <param name="scopes">Management scopes its credential names; none = the credential opens nothing.</param>
    public static async Task<Actor> CreateAsync(ApiClient admin, IReadOnlyList<string> roles, IReadOnlyList<string> scopes)
    {
        // Without a password: hashing one takes longer than all the rest.
        var user = await admin.CreateUserAsync(roles, new { password = (string?)null });
        var permissions = scopes.Count == 0 ? [] : new[] { new { api = Management, scopes } };
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id, new { permissions, expires_at = (string?)null });
        return new Actor(admin.With(token.Secret), user.Id, token.Id, scopes);
    }

    /// <summary>Somebody with no role, whose credential opens nothing.</summary>
    public static Task<Actor> WithoutScopesAsync(ApiClient admin) => CreateAsync(admin, [], []);

    /// <summary>A developer: registers applications, manages what is theirs.</summary>
    public static async Task<Actor> DeveloperAsync(ApiClient admin)
    {
        var (id, scopes) = (await BuiltInRolesAsync(admin))["developer"];
        return await CreateAsync(admin, [id], scopes);
    }

    /// <summary>The built-in roles by name: id and management scopes.</summary>
    public static async Task<Dictionary<string, (string Id, string[] Scopes)>> BuiltInRolesAsync(ApiClient admin)
    {
        var answer = await admin.GetAsync("/v1/roles").Expect(200);
        return answer
            .Json.GetProperty("items")
            .EnumerateArray()
            .Where(role => role.GetProperty("built_in").GetBoolean())
            .ToDictionary(
                role => role.GetProperty("name").GetString()!,
                role =>
                    (
                        role.GetProperty("id").GetString()!,
                        role.GetProperty("permissions")[0]
                            .GetProperty("scopes")
                            .EnumerateArray()
                            .Select(scope => scope.GetString()!)
                            .ToArray()
                    )
            );
    }

    /// <summary>What stands in the route's path: something of this actor's own, or <c>null</c> where it cannot own such a thing.</summary>
    public async Task<Target?> OwnAsync(Route route, ApiClient admin)
    {
        var prefix = route.Path.Contains("{id}", StringComparison.Ordinal) ? Call.Prefix(route.Path) : null;
        if (!route.HasTarget || prefix is "rol" or "res" or "apr" || Call.OwnerPrefix(route.Path) is "org" or "rvw")
        {
            return null;
        }

        if (prefix == "ses")
        {
            return new Target(await SessionAsync(admin, UserId), UserId);
        }

        if (prefix == "ntc")
        {
            return new Target(await NoticeAsync(admin, UserId), UserId);
        }

        if (prefix == "rrq")
        {
            return new Target(await RoleRequestAsync(admin, UserId), UserId);
        }

        if (Call.OwnerPrefix(route.Path) == "usr" || prefix == "pat")
        {
            var id = prefix == "pat" ? (await admin.CreatePersonalAccessTokenAsync(UserId)).Id : UserId;
            return new Target(id, UserId);
        }

        // An application belongs to whoever registers it under applications:own alone; one registered by applications:write belongs to nobody.
        if (!Scopes.Contains("applications:own") || Scopes.Contains("applications:write"))
        {
            return null;
        }

        return await CreateAsync(prefix, await Client.CreateApplicationAsync([]), admin);
    }

    /// <summary>The same of somebody else's.</summary>
    public static async Task<Target> ForeignAsync(Route route, ApiClient admin)
    {
        var prefix = route.Path.Contains("{id}", StringComparison.Ordinal) ? Call.Prefix(route.Path) : null;
        switch (prefix)
        {
            case "rol":
                return new Target((await admin.CreateRoleAsync([])).Id);
            case "res":
                return new Target((await admin.CreateApiAsync(["invoices:read"])).Id);
            case "apr":
                return new Target((await admin.PendingKeyAsync(await admin.OrganizationAsync())).Text("approval.id"));
        }

        if (Call.OwnerPrefix(route.Path) == "rvw")
        {
            return await ReviewAsync(admin);
        }

        if (Call.OwnerPrefix(route.Path) == "org")
        {
            var organization = (await admin.PostAsync("/v1/organizations", new { name = CreateRequests.Unique("Acme") }).Expect(201)).Text(
                "id"
            );
            var member = (await admin.CreateUserAsync([], new { password = (string?)null })).Id;
            if (prefix is "usr" or "pat")
                await admin.PostAsync($"/v1/organizations/{organization}/members", new { member }).Expect(200);
            if (prefix == "inv")
                return new Target(
                    (await admin.PostAsync($"/v1/organizations/{organization}/invitations", new { note = "Ada" }).Expect(201)).Text("id"),
                    organization
                );
            if (prefix == "pat")
                return new Target(await MemberTokenAsync(admin, member, organization), organization);
            return new Target(prefix == "org" ? organization : member, organization);
        }

        if (prefix == "ses")
        {
            var person = await admin.CreateUserAsync([], new { password = (string?)null });
            return new Target(await SessionAsync(admin, person.Id), person.Id);
        }

        if (prefix is "ntc" or "rrq")
        {
            var person = await admin.CreateUserAsync([], new { password = (string?)null });
            return new Target(prefix == "ntc" ? await NoticeAsync(admin, person.Id) : await RoleRequestAsync(admin, person.Id), person.Id);
        }

        if (Call.OwnerPrefix(route.Path) == "usr" || prefix == "pat")
        {
            var user = await admin.CreateUserAsync([], new { password = (string?)null });
            return new Target(prefix == "pat" ? (await admin.CreatePersonalAccessTokenAsync(user.Id)).Id : user.Id, user.Id);
        }

        return await CreateAsync(prefix, await admin.CreateApplicationAsync([]), admin);
    }

    private static async Task<Target> CreateAsync(string? prefix, CreatedApplication application, ApiClient admin) =>
        prefix switch
        {
            "key" => new Target((await admin.CreateApiKeyAsync(application.Id, new { recoverable = true })).Id, application.Id),
            "sec" => new Target((await admin.CreateClientSecretAsync(application.Id)).Id, application.Id),
            "jwk" => new Target(await PublicKeyAsync(application, admin), application.Id),
            "fed" => new Target(await FederatedIdentityAsync(application, admin), application.Id),
            "crt" => new Target((await admin.CreateCertificateAsync(application.Id)).Text("id"), application.Id),
            _ => new Target(application.Id, application.Id),
        };

    /// <summary>A session of a user, who signs in for it.</summary>
    public static async Task<string> SessionAsync(ApiClient admin, string userId) =>
        "ses_" + (await admin.BrowserOfAsync(userId)).Session![..22];

    /// <summary>A token of a member that names the organization among others.</summary>
    public static async Task<string> MemberTokenAsync(ApiClient admin, string userId, string organization) =>
        (
            await admin.CreatePersonalAccessTokenAsync(
                userId,
                new
                {
                    organizations = new[]
                    {
                        new
                        {
                            id = organization,
                            permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "tokens:own" } } },
                        },
                    },
                }
            )
        ).Id;

    /// <summary>The line of a key in a review of an organization.</summary>
    private static async Task<Target> ReviewAsync(ApiClient admin)
    {
        var organization = (await admin.PostAsync("/v1/organizations", new { name = CreateRequests.Unique("Acme") }).Expect(201)).Text(
            "id"
        );
        var application = await admin.CreateApplicationAsync([], new { organization_id = organization });
        await admin.CreateApiKeyAsync(application.Id);
        var review = (await admin.PostAsync("/v1/reports/reviews", new { organization }).Expect(201)).Text("id");
        var lines = (await admin.GetAsync($"/v1/reports/reviews/{review}").Expect(200)).Json.GetProperty("items");
        return new Target(lines[0].GetProperty("id").GetString()!, review);
    }

    /// <summary>A notice of a user: another revoked a token of theirs.</summary>
    public static async Task<string> NoticeAsync(ApiClient admin, string userId)
    {
        var reader = await admin.CreatePersonalAccessTokenAsync(userId, NoticesTests.Own);
        await admin.DeleteAsync($"/v1/tokens/{(await admin.CreatePersonalAccessTokenAsync(userId)).Id}").Expect(204);
        return (await NoticesTests.ToldAsync(admin.With(reader.Secret), 1))[0].GetProperty("id").GetString()!;
    }

    /// <summary>A request of a user for a role, on the whole server or in an organization.</summary>
    public static async Task<string> RoleRequestAsync(ApiClient admin, string userId, string? role = null, string? organization = null)
    {
        var token = await admin.CreatePersonalAccessTokenAsync(
            userId,
            new { permissions = new[] { new { api = Management, scopes = new[] { "tokens:own" } } } }
        );
        role ??= (await admin.RequestableRoleAsync()).Id;
        return (await admin.With(token.Secret).AskForRoleAsync(role, organization).Expect(201)).Text("id");
    }

    private static async Task<string> FederatedIdentityAsync(CreatedApplication application, ApiClient admin)
    {
        using var issuer = new ForeignIssuer();
        return (await admin.CreateFederatedIdentityAsync(application.Id, issuer)).Text("id");
    }

    private static async Task<string> PublicKeyAsync(CreatedApplication application, ApiClient admin)
    {
        using var key = ClientKey.Make();
        return (await admin.CreatePublicKeyAsync(application.Id, key)).Text("id");
    }
}
