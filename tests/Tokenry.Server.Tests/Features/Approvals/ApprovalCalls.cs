using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;
using Tokenry.Server.Tests.Features.Policies;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Approvals;

/// <summary>What the tests of approvals say again and again.</summary>
internal static class ApprovalCalls
{
    public const string Why = "the nightly report";

    /// <summary>A policy that demands an approval of these kinds; of none named, of all.</summary>
    public static object Demand(params string[] kinds) =>
        new { approval_required = (kinds.Length == 0 ? PolicyCalls.Kinds : kinds).Select(kind => new { kind }) };

    /// <summary>A developer of the organization: makes keys of its applications, and decides nothing.</summary>
    public static Task<Person> DeveloperAsync(this ApiClient admin, string organization, params object[] besides) =>
        admin.MemberAsync(
            organization,
            [OrganizationCalls.OrganizationDeveloper],
            [At(Management, "organization:read", "organization:applications", "tokens:own"), .. besides]
        );

    /// <summary>A key that waits for the approval of its organization.</summary>
    public static async Task<ApiResponse> PendingKeyAsync(this ApiClient admin, string organization)
    {
        await admin.SetPolicyAsync(organization, Demand("api_key")).Expect(200);
        var application = await admin.ApplicationOfAsync(organization);
        var developer = await admin.DeveloperAsync(organization);
        var made = await developer.Client.KeyAsync(application.Id).Expect(201);
        Assert.Equal("pending_approval", made.Text("state"));
        return made;
    }

    public static Task<ApiResponse> KeyAsync(this ApiClient client, string application, string? why = Why) =>
        client.PostAsync($"/v1/applications/{application}/api-keys", new { name = CreateRequests.Unique("key"), justification = why });

    public static Task<ApiResponse> ApproveAsync(this ApiClient client, ApiResponse pending, string? message = null) =>
        client.PostAsync($"/v1/approvals/{pending.Text("approval.id")}/approve", new { message });

    public static Task<ApiResponse> DenyAsync(this ApiClient client, ApiResponse pending, string? message = null) =>
        client.PostAsync($"/v1/approvals/{pending.Text("approval.id")}/deny", new { message });
}
