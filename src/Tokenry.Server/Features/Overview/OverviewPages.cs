using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Overview;

/// <summary><c>/overview</c>: the first page after sign-in.</summary>
internal static class OverviewPages
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(30);
    private static readonly TimeSpan Long = TimeSpan.FromDays(90);

    public static IServiceCollection AddOverviewPages(this IServiceCollection services) =>
        services.AddSingleton(new NavigationEntry(NavigationSection.You, 0, "overview.title", "overview", "layout-dashboard"));

    public static void MapOverviewPages(this IEndpointRouteBuilder app) => app.MapGet("/overview", ShowAsync).IsPageFor();

    private static async Task<IResult> ShowAsync(
        Caller caller,
        ListCredentials list,
        OwnerNames names,
        CatalogCache catalogs,
        TimeProvider time
    )
    {
        if (
            !caller.Management.Contains(ManagementApi.CredentialsRead) && !caller.Management.Contains(ManagementApi.OrganizationCredentials)
        )
        {
            return new View<OverviewPage>("overview.title");
        }

        var now = time.GetUtcNow();
        var due = ("due_before", TimestampConverter.Format(now + Soon));
        var unused = ("unused_since", TimestampConverter.Format(now - Long));
        var isDue = await ReadAsync(due);
        var isUnused = await ReadAsync(unused, ("state", "active"));
        return new View<OverviewPage>("overview.title")
        {
            ["Due"] = isDue,
            ["Unused"] = isUnused,
            ["Owners"] = await names.OfAsync(caller, isDue.Items.Concat(isUnused.Items).Select(credential => credential.Owner.Id)),
            ["Weak"] = await ReadAsync(("weakness", CredentialWeakness.PermissionsFollowOwner), ("state", "active")),
            ["IsEmpty"] = !(await catalogs.GetAsync()).Resources.Any(api => api.Identifier != ManagementApi.Identifier),
            ["DueAddress"] = Address(due),
            ["UnusedAddress"] = Address(unused),
        };

        Task<Page<Credential>> ReadAsync(params (string, string)[] filters) =>
            list.RunAsync(caller, CredentialFamily.All, ownerId: null, Listing.Of(filters));

        static string Address((string Name, string Value) filter) =>
            $"credentials?{filter.Name}={Uri.EscapeDataString(filter.Value)}&state=active";
    }
}
