using Tokenry.Server.Tests.Core.Access;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Approvals.RoleRequests;

/// <summary>What the tests of requests for roles say again and again.</summary>
internal static class RoleRequestCalls
{
    public const string Path = "/v1/me/role-requests";

    public const string Why = "I close the books this month";

    /// <summary>A role that users may ask for.</summary>
    public static Task<CreatedRole> RequestableRoleAsync(this ApiClient admin, params object[] permissions) =>
        admin.CreateRoleAsync(permissions, new { requestable = true });

    /// <summary>A user who may do nothing but look after their own.</summary>
    public static Task<Person> AskerAsync(this ApiClient admin) => admin.PersonWithTokenAsync([], At(Management, "tokens:own"));

    public static Task<ApiResponse> AskForRoleAsync(this ApiClient client, string role, string? organization = null, string? why = Why) =>
        client.PostAsync(
            Path,
            new
            {
                role,
                organization_id = organization,
                justification = why,
            }
        );

    public static Task<ApiResponse> ApproveRoleAsync(this ApiClient client, ApiResponse asked, string? message = null) =>
        client.PostAsync($"/v1/approvals/{asked.Text("id")}/approve", new { message });

    public static Task<ApiResponse> DenyRoleAsync(this ApiClient client, ApiResponse asked, string? message = null) =>
        client.PostAsync($"/v1/approvals/{asked.Text("id")}/deny", new { message });

    /// <summary>The roles of a user on the whole server.</summary>
    public static async Task<string[]> RolesOfAsync(this ApiClient admin, string user) =>
        Strings((await admin.GetAsync($"/v1/users/{user}").Expect(200)).Json.GetProperty("roles"));

    /// <summary>The roles of a member in an organization.</summary>
    public static async Task<string[]> RolesThereAsync(this ApiClient admin, string organization, string member) =>
        Strings((await admin.GetAsync($"/v1/organizations/{organization}/members/{member}").Expect(200)).Json.GetProperty("roles"));

    /// <summary>The audit events of one request to the API, by action.</summary>
    public static async Task<Dictionary<string, System.Text.Json.JsonElement>> EventsOfAsync(this ApiClient admin, ApiResponse answer) =>
        (await admin.GetAsync("/v1/audit?limit=200").Expect(200))
            .Json.GetProperty("items")
            .EnumerateArray()
            .Where(row => row.GetProperty("request_id").GetString() == answer.Header("X-Request-Id"))
            .ToDictionary(row => row.GetProperty("action").GetString()!);
}
