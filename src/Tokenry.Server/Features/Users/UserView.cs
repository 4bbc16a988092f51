using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Users;

/// <summary>The page of a user, and what its form does.</summary>
internal sealed class UserView(
    ListUsers list,
    ReviseUser revise,
    ListCredentials credentials,
    GrantableRoles roles,
    FreshAuthentication fresh
)
{
    /// <param name="caller">The caller.</param>
    /// <param name="id">The user.</param>
    /// <param name="refusal">Why the roles were not changed; <c>null</c> = nothing was refused.</param>
    public async Task<IResult> PageAsync(Caller caller, string id, ProblemException? refusal = null)
    {
        var user = await list.ShowAsync(caller, id);
        var maySeeTokens = caller.Management.Contains(ManagementApi.CredentialsRead);
        return new View<UserPage>(user.Name)
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [UserPages.List],
            ["User"] = user,
            ["Tokens"] = maySeeTokens
                ? await credentials.RunAsync(caller, [CredentialFamily.PersonalAccessTokens], user.Id, Listing.Of())
                : null,
            ["Roles"] = await roles.ListAsync(caller, user.Roles, inOrganization: false),
            ["Refusal"] = refusal,
        };
    }

    /// <summary>Sets the roles of the user on the whole server.</summary>
    public Task<IResult> GiveAsync(Caller caller, string id, IReadOnlyList<string> given) =>
        PageChange.RunAsync(
            $"{UserPages.List.Address}/{id}",
            () =>
            {
                fresh.Require(caller);
                return revise.RunAsync(caller, id, new UserPatch { Roles = new(given) });
            },
            refusal => PageAsync(caller, id, refusal)
        );
}
