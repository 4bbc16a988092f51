using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Applications;

/// <summary>The page of an application, and what its form does.</summary>
internal sealed class ApplicationView(
    ListApplications list,
    ReviseApplication revise,
    ListCredentials credentials,
    GrantableRoles roles,
    OwnerNames names,
    FreshAuthentication fresh
)
{
    /// <param name="caller">The caller.</param>
    /// <param name="id">The application.</param>
    /// <param name="refusal">Why the roles were not changed; <c>null</c> = nothing was refused.</param>
    public async Task<IResult> PageAsync(Caller caller, string id, ProblemException? refusal = null)
    {
        var application = await list.ShowAsync(caller, id);
        return new View<ApplicationPage>(application.Name)
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [ApplicationPages.List],
            ["Application"] = application,
            ["Owners"] = await names.OfAsync(caller, [application.OwnerId, application.OrganizationId]),
            ["Credentials"] = await credentials.RunAsync(caller, CredentialFamily.All, ownerId: null, Listing.Of(("owner", id))),
            ["Roles"] = await roles.ListAsync(caller, application.Roles, inOrganization: false),
            ["Refusal"] = refusal,
        };
    }

    /// <summary>Sets the roles of the application on the whole server.</summary>
    public Task<IResult> GiveAsync(Caller caller, string id, IReadOnlyList<string> given) =>
        PageChange.RunAsync(
            $"{ApplicationPages.List.Address}/{id}",
            () =>
            {
                fresh.Require(caller);
                return revise.RunAsync(caller, id, new ApplicationPatch { Roles = new(given) });
            },
            refusal => PageAsync(caller, id, refusal)
        );
}
