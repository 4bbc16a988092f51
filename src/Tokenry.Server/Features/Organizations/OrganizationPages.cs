using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Features.Organizations.Invitations;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary><c>/organizations</c>: the pages of customers and teams.</summary>
internal static class OrganizationPages
{
    internal static readonly string[] Reads = [ManagementApi.OrganizationsRead, ManagementApi.OrganizationRead];
    internal static readonly string[] Writes = [ManagementApi.OrganizationsWrite, ManagementApi.OrganizationWrite];
    internal static readonly Crumb List = new("organizations.title", "organizations");

    public static IServiceCollection AddOrganizationPages(this IServiceCollection services) =>
        services
            .AddSingleton<OrganizationView>()
            .AddSingleton<MemberView>()
            .AddSingleton<InvitationView>()
            .AddSingleton<OfferView>()
            .AddSingleton(
                new NavigationEntry(NavigationSection.Server, 40, List.Text, List.Address, "building")
                {
                    Scopes = [ManagementApi.OrganizationsRead],
                }
            )
            .AddSingleton(
                new NavigationEntry(NavigationSection.Server, 0, "organization.title", List.Address, "building")
                {
                    Scopes = [ManagementApi.OrganizationRead],
                    OnlyInOrganization = true,
                }
            );

    public static void MapOrganizationPages(this IEndpointRouteBuilder app)
    {
        app.MapPost("/organization", ActIn).IsPageFor().IsForm();
        app.MapGet("/organizations", ListAsync).IsPageFor(Reads);
        app.MapPost("/organizations", CreateAsync).IsPageFor(ManagementApi.OrganizationsWrite).IsForm();
        var group = app.MapGroup("/organizations/{id}");
        group
            .MapGet(
                "",
                async (string id, Caller caller, HttpContext http, OrganizationView view) =>
                    await view.PageAsync(caller, id, Listing.OfForm(http.Request.Query))
            )
            .IsPageFor(Reads);
        group.MapPost("/rename", RenameAsync).IsPageFor(Writes).IsForm();
        group.MapPost("/delete", DeleteAsync).IsPageFor(ManagementApi.OrganizationsWrite).IsForm();
        foreach (var enabled in new[] { true, false })
        {
            var act = enabled ? "enable" : "disable";
            group
                .MapPost(
                    $"/{act}",
                    (string id, Caller caller, SetOrganizationEnabled set, OrganizationView view) =>
                        view.ChangeAsync(
                            caller,
                            id,
                            act,
                            () =>
                            {
                                view.RequireFresh(caller);
                                return set.RunAsync(caller, id, enabled);
                            }
                        )
                )
                .IsPageFor(ManagementApi.OrganizationsWrite)
                .IsForm();
        }

        app.MapMemberPages();
        app.MapInvitationPages();
    }

    /// <summary>Chooses the organization in which the person acts on the pages from now on; an empty field = the whole server.</summary>
    private static Redirect ActIn(HttpContext http, PageForm form)
    {
        var organization = form["organization"];
        OrganizationCookie.Write(http.Response, organization);
        return new Redirect(organization is null ? "overview" : List.Address);
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ListOrganizations list) =>
        caller.OrganizationId is { } own
            ? new Redirect($"{List.Address}/{own}")
            : await PageAsync(caller, Listing.OfForm(http.Request.Query), list, refusal: null);

    private static async Task<IResult> CreateAsync(Caller caller, PageForm form, CreateOrganization create, ListOrganizations list)
    {
        try
        {
            var made = await create.RunAsync(caller, new OrganizationRequest { Name = form["name"] ?? "" });
            return new Redirect($"{List.Address}/{made.Id}");
        }
        catch (ProblemException refusal) when (refusal.Errors is not null)
        {
            return await PageAsync(caller, Listing.Of(), list, refusal);
        }
    }

    private static async Task<IResult> PageAsync(Caller caller, Listing listing, ListOrganizations list, ProblemException? refusal) =>
        new View<OrganizationsPage>(List.Text)
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            ["Organizations"] = await list.RunAsync(caller, listing),
            ["IsLater"] = listing.Cursor is not null,
            ["Once"] = Core.Lifecycle.CredentialPages.Once(),
            ["Faults"] = refusal?.Errors?.GetValueOrDefault("name") ?? [],
        };

    private static Task<IResult> RenameAsync(string id, Caller caller, PageForm form, ReviseOrganization revise, OrganizationView view) =>
        view.ChangeAsync(caller, id, "rename", () => revise.RunAsync(caller, id, new OrganizationPatch { Name = new(form["name"]) }));

    private static async Task<IResult> DeleteAsync(
        string id,
        Caller caller,
        PageForm form,
        DeleteOrganization delete,
        OrganizationView view
    )
    {
        var done = false;
        var answer = await view.ChangeAsync(
            caller,
            id,
            "delete",
            async () =>
            {
                await view.ConfirmAsync(caller, id, form["confirm"]);
                await delete.RunAsync(caller, id);
                done = true;
            }
        );
        return done ? new Redirect(List.Address) : answer;
    }
}
