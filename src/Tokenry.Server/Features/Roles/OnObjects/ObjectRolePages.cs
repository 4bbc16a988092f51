using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Roles.OnObjects;

/// <summary><c>…/object-roles</c> below the page of a user, an application and a member: the roles on some objects only.</summary>
internal static class ObjectRolePages
{
    public static void MapObjectRolePages(this IEndpointRouteBuilder app)
    {
        MapOf(app, "users", PrincipalAddress.User, [ManagementApi.UsersRead], [ManagementApi.UsersWrite]);
        MapOf(
            app,
            "applications",
            PrincipalAddress.Application,
            [ManagementApi.ApplicationsRead, ManagementApi.ApplicationsOwn, ManagementApi.OrganizationRead],
            [ManagementApi.ApplicationsWrite, ManagementApi.ApplicationsOwn, ManagementApi.OrganizationApplications]
        );
        string[] reads = [ManagementApi.OrganizationsRead, ManagementApi.OrganizationRead];
        string[] writes = [ManagementApi.OrganizationsWrite, ManagementApi.OrganizationWrite];
        var group = app.MapGroup("/organizations/{owner}/members/{id}/object-roles");
        group
            .MapGet(
                "",
                (string owner, string id, Caller caller, HttpContext http) =>
                    PageAsync(caller, http, ObjectRolesPlace.Member(owner, id), PageForm.Empty, refusal: null)
            )
            .IsPageFor(reads);
        group
            .MapPost(
                "",
                (string owner, string id, Caller caller, HttpContext http, PageForm form) =>
                    AddAsync(caller, http, ObjectRolesPlace.Member(owner, id), form)
            )
            .IsPageFor(writes)
            .IsForm();
        group
            .MapPost(
                "/remove",
                (string owner, string id, Caller caller, HttpContext http, PageForm form) =>
                    RemoveAsync(caller, http, ObjectRolesPlace.Member(owner, id), form)
            )
            .IsPageFor(writes)
            .IsForm();
    }

    private static void MapOf(
        IEndpointRouteBuilder app,
        string principals,
        Func<string, PrincipalAddress> of,
        string[] reads,
        string[] writes
    )
    {
        var group = app.MapGroup($"/{principals}/{{id}}/object-roles");
        group
            .MapGet("", (string id, Caller caller, HttpContext http) => PageAsync(caller, http, new(of(id)), PageForm.Empty, refusal: null))
            .IsPageFor(reads);
        group
            .MapPost("", (string id, Caller caller, HttpContext http, PageForm form) => AddAsync(caller, http, new(of(id)), form))
            .IsPageFor(writes)
            .IsForm();
        group
            .MapPost("/remove", (string id, Caller caller, HttpContext http, PageForm form) => RemoveAsync(caller, http, new(of(id)), form))
            .IsPageFor(writes)
            .IsForm();
    }

    private static Task<IResult> AddAsync(Caller caller, HttpContext http, ObjectRolesPlace place, PageForm form) =>
        ChangeAsync(
            caller,
            http,
            place,
            form,
            // The same role a second time adds its objects to those that it has.
            held => [.. held, new(form["role"] ?? "", form.Lines("objects") ?? [])]
        );

    private static Task<IResult> RemoveAsync(Caller caller, HttpContext http, ObjectRolesPlace place, PageForm form) =>
        ChangeAsync(
            caller,
            http,
            place,
            form,
            held =>
                [
                    .. held.Select(item =>
                            item.Role == form["role"] ? item with { Objects = [.. item.Objects.Where(one => one != form["object"])] } : item
                        )
                        .Where(item => item.Objects.Count > 0),
                ]
        );

    private static Task<IResult> ChangeAsync(
        Caller caller,
        HttpContext http,
        ObjectRolesPlace place,
        PageForm form,
        Func<IReadOnlyList<ObjectRole>, IReadOnlyList<ObjectRole>> wanted
    ) =>
        PageChange.RunAsync(
            place.Page,
            () =>
            {
                http.RequestServices.GetRequiredService<FreshAuthentication>().Require(caller);
                return http.RequestServices.GetRequiredService<ReviseObjectRoles>().ReplaceAsync(caller, place, wanted);
            },
            refusal => PageAsync(caller, http, place, form, refusal)
        );

    private static async Task<IResult> PageAsync(
        Caller caller,
        HttpContext http,
        ObjectRolesPlace place,
        PageForm form,
        ProblemException? refusal
    )
    {
        var (name, held) = await http.RequestServices.GetRequiredService<ReviseObjectRoles>().ShowAsync(caller, place);
        var roles = http.RequestServices.GetRequiredService<GrantableRoles>();
        return new View<ObjectRolesPage>("object_roles.title")
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [new(name, place.PageOfPrincipal)],
            ["Place"] = place,
            ["Held"] = held.Items,
            ["Names"] = await roles.NamesAsync(held.Items.Select(item => item.Role)),
            ["Offered"] = await roles.OnObjectsAsync(caller),
            ["Form"] = form,
            ["Refusal"] = refusal,
        };
    }
}
