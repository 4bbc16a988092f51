using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Roles;

using Tokenry.Server.Tests.Core.Access;

/// <summary>A user who may read everything at an API of bases and spaces, and a role that may write there, which the user does not have yet.</summary>
internal sealed record ObjectRolesWorld(ApiClient Admin, string Api, string UserId, string ReaderId, string WriterId)
{
    public static async Task<ObjectRolesWorld> ArrangeAsync(ApiClient admin)
    {
        var api = (await admin.CreateApiAsync(["read", "write"], new { object_types = new[] { "base", "space" } })).Identifier;
        var reader = await admin.CreateRoleAsync([At(api, "read")]);
        var writer = await admin.CreateRoleAsync([At(api, "write")]);
        return new(admin, api, (await admin.PersonAsync(reader.Id)).Id, reader.Id, writer.Id);
    }

    /// <summary>Replaces what the principal has on objects by the writer's role on these.</summary>
    public Task<ApiResponse> GiveAsync(string place, params string[] objects) => GiveAsync(Admin, place, objects);

    public Task<ApiResponse> GiveAsync(string place, string[] objects, string query) => GiveAsync(Admin, place, objects, query);

    public Task<ApiResponse> GiveAsync(ApiClient caller, string place, params string[] objects) => GiveAsync(caller, place, objects, "");

    private Task<ApiResponse> GiveAsync(ApiClient caller, string place, string[] objects, string query) =>
        caller.SendAsync(
            HttpMethod.Put,
            $"{place}/object-roles{query}",
            new { items = objects.Length == 0 ? [] : new[] { new { role = WriterId, objects } } }
        );

    /// <summary>A token of the user that grows with the user's rights.</summary>
    public Task<CreatedCredential> TokenAsync(string[]? objects = null, string? in_ = null) =>
        Admin.CreatePersonalAccessTokenAsync(
            UserId,
            new
            {
                permissions = "owner",
                objects,
                organization_id = in_,
            }
        );

    public Task<string> CodeAsync(CreatedCredential credential, string[] scopes, string? @object) =>
        Admin.CodeAsync(credential.Secret, Api, scopes, @object);

    public Task<ApiResponse> DoorAsync(CreatedCredential credential, string scope, string? @object) =>
        Admin
            .With(credential.Secret)
            .GetAsync(
                $"/v1/forward-auth?api={Uri.EscapeDataString(Api)}&scope={scope}"
                    + (@object is null ? "" : $"&object={Uri.EscapeDataString(@object)}")
            );
}
