using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Core.Access;

/// <summary>A user with one right everywhere and one in each of two organizations, and one token for all. The third organization is not theirs.</summary>
internal sealed record SeveralOrganizations(ApiClient Admin, string Api, string UserId)
{
    public required string One { get; init; }

    public required string Two { get; init; }

    public required string Three { get; init; }

    public required CreatedCredential Token { get; init; }

    public static async Task<SeveralOrganizations> ArrangeAsync(ApiClient admin)
    {
        var api = (await admin.CreateApiAsync(["everywhere", "one", "two"])).Identifier;
        var user = await admin.PersonAsync((await admin.CreateRoleAsync([At(api, "everywhere")])).Id);
        var (one, two, three) = (await admin.OrganizationAsync(), await admin.OrganizationAsync(), await admin.OrganizationAsync());
        await admin.JoinAsync(one, user.Id, OrganizationMember, (await admin.CreateRoleAsync([At(api, "one")])).Id).Expect(200);
        await admin.JoinAsync(two, user.Id, (await admin.CreateRoleAsync([At(api, "two")])).Id).Expect(200);
        return new SeveralOrganizations(admin, api, user.Id)
        {
            One = one,
            Two = two,
            Three = three,
            Token = await admin.CreatePersonalAccessTokenAsync(
                user.Id,
                new
                {
                    permissions = new[] { At(api, "everywhere") },
                    organizations = new[]
                    {
                        new { id = one, permissions = new[] { At(api, "everywhere", "one") } },
                        new { id = two, permissions = new[] { At(api, "two") } },
                    },
                }
            ),
        };
    }

    public Task<ApiResponse> VerifyAsync(string token, string? organization) =>
        Admin
            .PostAsync(
                "/v1/verify",
                organization is null
                    ? new { token, api = Api }
                    : new
                    {
                        token,
                        api = Api,
                        organization,
                    }
            )
            .Expect(200);

    public async Task<string> CodeAsync(string token, string? organization) => (await VerifyAsync(token, organization)).Text("code");

    public Task<ApiResponse> DoorAsync(string token, string? organization) =>
        Admin
            .With(token)
            .GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(Api)}{(organization is null ? "" : $"&organization={organization}")}");

    public async Task ExpectAsync(string? organization, params string[] scopes)
    {
        var answer = await VerifyAsync(Token.Secret, organization);
        Assert.True(answer.Json.GetProperty("valid").GetBoolean(), answer.Body);
        Assert.Equal(scopes, Strings(answer.Json.GetProperty("scopes")));
        Assert.Equal(organization, answer.Json.GetProperty("organization_id").GetString());
    }
}
