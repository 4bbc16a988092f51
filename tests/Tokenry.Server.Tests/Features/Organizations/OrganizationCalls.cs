using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Core.Access;

/// <summary>What the tests of organizations say again and again.</summary>
internal static class OrganizationCalls
{
    public const string OrganizationAdministrator = "rol_0000000000000000000005";
    public const string OrganizationDeveloper = "rol_0000000000000000000006";
    public const string OrganizationMember = "rol_0000000000000000000007";

    public static readonly string[] AllScopes =
    [
        "organization:read",
        "organization:write",
        "organization:applications",
        "organization:credentials",
        "organization:policy",
        "organization:approvals",
        "organization:audit",
        "tokens:own",
    ];

    public static async Task<string> OrganizationAsync(this ApiClient admin) =>
        (await admin.PostAsync("/v1/organizations", new { name = CreateRequests.Unique("Acme") }).Expect(201)).Text("id");

    public static Task<ApiResponse> JoinAsync(this ApiClient admin, string organization, string member, params string[] roles) =>
        admin.PostAsync($"/v1/organizations/{organization}/members", new { member, roles = roles.Length == 0 ? null : roles });

    public static Task<ApiResponse> ReplaceAsync(this ApiClient admin, string organization, string member, params string[] roles) =>
        admin.SendAsync(HttpMethod.Put, $"/v1/organizations/{organization}/members/{member}", new { roles });

    public static Task<ApiResponse> RemoveAsync(this ApiClient admin, string organization, string member) =>
        admin.DeleteAsync($"/v1/organizations/{organization}/members/{member}");

    /// <summary>A user with these roles in the organization, calling with a token that acts there.</summary>
    public static async Task<Person> MemberAsync(this ApiClient admin, string organization, string[] roles, params object[] permissions)
    {
        var user = await admin.PersonAsync();
        await admin.JoinAsync(organization, user.Id, roles).Expect(200);
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id, new { permissions, organization_id = organization });
        return new Person(user.Id, token, admin.With(token.Secret));
    }

    /// <summary>An administrator of the organization.</summary>
    public static Task<Person> AdministratorAsync(this ApiClient admin, string organization, params object[] besides) =>
        admin.MemberAsync(organization, [OrganizationAdministrator], [At(Management, AllScopes), .. besides]);

    /// <summary>An application that the organization owns.</summary>
    public static Task<CreatedApplication> ApplicationOfAsync(this ApiClient admin, string organization, object? with = null) =>
        admin.CreateApplicationAsync([], with ?? new { organization_id = organization });

    public static string[] Ids(ApiResponse list) =>
        [.. list.Expect(200).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];

    /// <summary>How many audit events of this action concern the organization.</summary>
    public static async Task<int> EventsAsync(this ApiClient admin, string organization, string action) =>
        (await admin.GetAsync($"/v1/audit?organization={organization}&action={action}&limit=200").Expect(200))
            .Json.GetProperty("items")
            .GetArrayLength();
}

/// <summary>What the tests of invitations say again and again.</summary>
internal static class InvitationCalls
{
    public static Task<ApiResponse> InviteAsync(this ApiClient client, string organization, object request) =>
        client.PostAsync($"/v1/organizations/{organization}/invitations", request);

    /// <summary>Opens the link and sends its form for a new account; without the page, as one who has no form would.</summary>
    public static async Task<ApiResponse> JoinAsync(
        this Browser browser,
        ApiResponse made,
        string email,
        string password,
        string? again = null,
        bool page = true
    )
    {
        var path = new Uri(made.Text("url")).PathAndQuery;
        IReadOnlyList<(string, string)> hidden = page
            ? await browser.HiddenAsync(path, "invitation/account")
            : [("code", path.Split("code=")[1])];
        return await browser.PostAsync(
            "/invitation/account",
            [.. hidden, ("email", email), ("password", password), ("again", again ?? password)]
        );
    }
}
