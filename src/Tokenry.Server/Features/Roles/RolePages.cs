using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Features.Roles.OnObjects;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Roles;

/// <summary><c>/roles</c>: the pages of roles.</summary>
internal static class RolePages
{
    internal static readonly Crumb List = new("roles.title", "roles");

    private const string Shown = "20";

    private static readonly string[] Reads = [ManagementApi.RolesRead];
    private static readonly string[] Writes = [ManagementApi.RolesWrite];

    public static IServiceCollection AddRolePages(this IServiceCollection services) =>
        services
            .AddSingleton<RoleView>()
            .AddSingleton(new NavigationEntry(NavigationSection.Server, 7, List.Text, List.Address, "shield") { Scopes = Reads });

    public static void MapRolePages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/roles", ListAsync).IsPageFor(Reads);
        app.MapGet("/roles/new", AskAsync).IsPageFor(Writes);
        app.MapPost("/roles/new", CreateAsync).IsPageFor(Writes).IsForm();
        var group = app.MapGroup("/roles/{id}");
        group.MapGet("", async (string id, Caller caller, RoleView view) => await view.PageAsync(caller, id)).IsPageFor(Reads);
        group
            .MapPost("", (string id, Caller caller, PageForm form, RoleView view) => view.ReviseAsync(caller, id, form))
            .IsPageFor(Writes)
            .IsForm();
        group.MapPost("/delete", (string id, Caller caller, RoleView view) => view.DeleteAsync(caller, id)).IsPageFor(Writes).IsForm();
        app.MapObjectRolePages();
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ListRoles list)
    {
        var cursor = http.Request.Query["cursor"].ToString();
        var listing = cursor.Length == 0 ? Listing.Of(("limit", Shown)) : Listing.Of(("limit", Shown), ("cursor", cursor));
        return new View<RolesPage>(List.Text)
        {
            ["Roles"] = await list.RunAsync(caller, listing),
            ["IsLater"] = listing.Cursor is not null,
        };
    }

    private static async Task<IResult> AskAsync(HttpContext http, Caller caller, CredentialForms forms, RoleView view) =>
        forms.Confirmation(caller, http.Request) ?? await FormAsync(caller, view, PageForm.Empty, refusal: null);

    private static async Task<IResult> CreateAsync(Caller caller, PageForm form, CreateRole create, RoleView view)
    {
        try
        {
            view.RequireFresh(caller);
            var role = await create.RunAsync(
                caller,
                new RoleRequest
                {
                    Name = form["name"] ?? "",
                    Description = form["description"],
                    Permissions = ScopeAt.Permissions(form.All("scope")),
                    Requestable = form["requestable"] is not null,
                }
            );
            return new Redirect($"{List.Address}/{role.Id}");
        }
        catch (ProblemException problem) when (problem is { IsForForm: true, MissingScopes: null })
        {
            return await FormAsync(caller, view, form, problem);
        }
    }

    private static async Task<IResult> FormAsync(Caller caller, RoleView view, PageForm form, ProblemException? refusal) =>
        new View<NewRolePage>("new_role.title")
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [List],
            ["Form"] = await view.FieldsAsync(caller, form, refusal),
            ["Once"] = CredentialPages.Once(),
        };
}
