using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary><c>/organizations/{owner}/members</c>: the page of a member, with its roles there and what ends with the membership.</summary>
internal static class MemberPages
{
    public static void MapMemberPages(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/organizations/{owner}/members");
        group.MapPost("", AddAsync).IsPageFor(OrganizationPages.Writes).IsForm();
        group
            .MapGet("/{id}", async (string owner, string id, Caller caller, MemberView view) => await view.PageAsync(caller, owner, id))
            .IsPageFor(OrganizationPages.Reads);
        group
            .MapPost(
                "/{id}/roles",
                (string owner, string id, Caller caller, PageForm form, MemberView view) => view.ReplaceAsync(caller, owner, id, form)
            )
            .IsPageFor(OrganizationPages.Writes)
            .IsForm();
        group
            .MapPost("/{id}/remove", (string owner, string id, Caller caller, MemberView view) => view.RemoveAsync(caller, owner, id))
            .IsPageFor(OrganizationPages.Writes)
            .IsForm();
    }

    private static Task<IResult> AddAsync(string owner, Caller caller, PageForm form, AddMember add, OrganizationView view) =>
        view.ChangeAsync(
            caller,
            owner,
            "add",
            () =>
            {
                view.RequireFresh(caller);
                var roles = form.All("role");
                return add.RunAsync(
                    caller,
                    owner,
                    new OrganizationMemberRequest { Member = form["member"] ?? "", Roles = roles.Count == 0 ? null : roles }
                );
            }
        );
}
