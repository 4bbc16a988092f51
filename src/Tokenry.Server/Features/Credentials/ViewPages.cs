using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary><c>/credentials/views</c>: the forms with which a person saves, renames and deletes views of the list.</summary>
internal static class ViewPages
{
    public static void MapViewPages(this IEndpointRouteBuilder app, string[] scopes)
    {
        var group = app.MapGroup("/credentials/views");
        group.MapPost("", SaveAsync).IsPageFor(scopes).IsForm();
        group
            .MapPost(
                "/{id}/rename",
                (string id, HttpContext http, Caller caller, PageForm form, OwnViews views, CredentialListView list) =>
                    ChangeAsync(http, form, list, () => views.RenameAsync(caller, id, form["name"]))
            )
            .IsPageFor(scopes)
            .IsForm();
        group
            .MapPost(
                "/{id}/delete",
                (string id, HttpContext http, Caller caller, PageForm form, OwnViews views, CredentialListView list) =>
                    ChangeAsync(http, form, list, () => views.DeleteAsync(caller, id))
            )
            .IsPageFor(scopes)
            .IsForm();
    }

    private static Task<IResult> SaveAsync(HttpContext http, Caller caller, PageForm form, OwnViews views, CredentialListView list) =>
        ChangeAsync(http, form, list, () => views.SaveAsync(caller, form["name"], FiltersOf(form)));

    /// <summary>Changes a view, then shows the list with the filters of the form again; if that is refused, with the reason.</summary>
    private static Task<IResult> ChangeAsync(HttpContext http, PageForm form, CredentialListView list, Func<Task> change)
    {
        var filters = FiltersOf(form);
        return PageChange.RunAsync(
            filters.Count == 0 ? "credentials" : "credentials?" + SavedView.Query(filters),
            change,
            refusal =>
                list.PageAsync(
                    Caller.Of(http)!,
                    Listing.Of([.. filters.Select(filter => (filter.Key, filter.Value))]),
                    (form["name"], refusal)
                )
        );
    }

    private static Dictionary<string, string> FiltersOf(PageForm form) =>
        ListCredentials
            .Filters.Where(name => form[name] is not null)
            .ToDictionary(name => name, name => form[name]!, StringComparer.Ordinal);
}
