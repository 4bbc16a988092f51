namespace Tokenry.Server.Tests.Core.Access;

using static ManagementCalls;

/// <summary>
/// A user who may do r and w at an API and change principals, roles and APIs, but not make credentials for anybody; with a token that names r and one that names both.
/// </summary>
internal sealed class HandsWorld
{
    private static readonly string[] Manager =
    [
        "applications:own",
        "applications:write",
        "roles:write",
        "users:write",
        "api-resources:write",
        "organizations:write",
        "tokens:own",
    ];

    public static readonly string[] AnybodysManager = [.. Manager, "credentials:write"];

    public required ApiClient Admin { get; init; }

    public required string Api { get; init; }

    public required string ApiId { get; init; }

    /// <summary>Of r and w.</summary>
    public required string RoleId { get; init; }

    public required string ManagersRoleId { get; init; }

    public required string UserId { get; init; }

    public required ApiClient Weak { get; init; }

    public required ApiClient Strong { get; init; }

    public object Read => At(Api, "r");

    public object[] Both => [At(Api, "r", "w")];

    public static async Task<HandsWorld> ArrangeAsync(ApiClient admin)
    {
        var api = await admin.CreateApiAsync(["r", "w"], new { object_types = new[] { "thing" } });
        var role = await admin.CreateRoleAsync([At(api.Identifier, "r", "w")]);
        var manages = await admin.CreateRoleAsync([At(Management, Manager)]);
        var user = await admin.PersonAsync(role.Id, manages.Id);
        async Task<ApiClient> With(params string[] scopes) =>
            admin.With(
                (
                    await admin.CreatePersonalAccessTokenAsync(
                        user.Id,
                        new { permissions = new[] { At(api.Identifier, scopes), At(Management, Manager) }, expires_at = In(3600) }
                    )
                ).Secret
            );
        return new HandsWorld
        {
            Admin = admin,
            Api = api.Identifier,
            ApiId = api.Id,
            RoleId = role.Id,
            ManagersRoleId = manages.Id,
            UserId = user.Id,
            Weak = await With("r"),
            Strong = await With("r", "w"),
        };
    }

    /// <summary>An application of nobody's that may do r.</summary>
    public async Task<string> ForeignAsync(params object[] besides) =>
        (await Admin.CreateApplicationAsync([], new { permissions = new[] { Read }.Concat(besides) })).Id;

    /// <summary>The user's own that may do r.</summary>
    public async Task<string> OwnAsync(params object[] besides)
    {
        var id = await ForeignAsync(besides);
        await Admin.PostAsync($"/v1/applications/{id}/transfer", new { owner = UserId }).Expect(200);
        return id;
    }

    public Task WidenAsync(string application) =>
        Admin.PatchAsync($"/v1/applications/{application}", new { permissions = Both }).Expect(200);

    /// <summary>Somebody whose token the user made, when they could.</summary>
    public async Task<string> HeldUserAsync()
    {
        var held = await Admin.PersonAsync();
        var role = await Admin.CreateRoleAsync([At(Management, "credentials:write", "tokens:own")]);
        await Admin.PatchAsync($"/v1/users/{UserId}", new { roles = new[] { RoleId, ManagersRoleId, role.Id } }).Expect(200);
        var maker = await Admin.CreatePersonalAccessTokenAsync(
            UserId,
            new { permissions = new[] { At(Management, "credentials:write", "tokens:own") } }
        );
        await Admin.With(maker.Secret).PostAsync($"/v1/users/{held.Id}/tokens", new { name = "x", permissions = "owner" }).Expect(201);
        await Admin.PatchAsync($"/v1/users/{UserId}", new { roles = new[] { RoleId, ManagersRoleId } }).Expect(200);
        return held.Id;
    }
}
