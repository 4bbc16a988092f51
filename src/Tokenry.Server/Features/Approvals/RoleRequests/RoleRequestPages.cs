using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Approvals.RoleRequests;

/// <summary><c>/account/roles</c>: what a person asked for, and the form that asks.</summary>
internal static class RoleRequestPages
{
    private static readonly Crumb List = new("role_requests.title", "account/roles");

    private static readonly string[] Scopes = [ManagementApi.TokensOwn];

    public static IServiceCollection AddRoleRequestPages(this IServiceCollection services) =>
        services.AddSingleton(new NavigationEntry(NavigationSection.You, 20, List.Text, List.Address, "shield") { Scopes = Scopes });

    public static void MapRoleRequestPages(this IEndpointRouteBuilder app)
    {
        app.MapGet($"/{List.Address}", (Caller caller, HttpContext http) => ListAsync(caller, http, refusal: null)).IsPageFor(Scopes);
        app.MapGet($"/{List.Address}/new", AskAsync).IsPageFor(Scopes);
        app.MapPost($"/{List.Address}/new", SendAsync).IsPageFor(Scopes).IsForm();
        app.MapPost($"/{List.Address}/{{id}}/withdraw", WithdrawAsync).IsPageFor(Scopes).IsForm();
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ProblemException? refusal)
    {
        var services = http.RequestServices;
        var listing = Listing.OfForm(http.Request.Query);
        var page = await services.GetRequiredService<OwnRoleRequests>().ListAsync(caller, listing);
        var held = caller.OrganizationId is null ? caller.Principal.RoleIds : caller.Principal.RolesThere;
        return new View<RoleRequestsPage>(List.Text)
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            ["Requests"] = page,
            ["Held"] = await services.GetRequiredService<GrantableRoles>().NamesAsync(held),
            ["Refusal"] = refusal,
            ["IsLater"] = listing.Cursor is not null,
        };
    }

    private static async Task<IResult> AskAsync(Caller caller, HttpContext http, RoleOffer offer)
    {
        var (role, organization) = (http.Request.Query["role"].ToString(), http.Request.Query["organization"].ToString());
        return await FormAsync(caller, offer, new($"{role}@{organization}", http.Request.Query["justification"].ToString(), null));
    }

    private static Task<IResult> SendAsync(Caller caller, PageForm form, AskForRole ask, RoleOffer offer)
    {
        var chosen = form["role"] ?? "";
        var at = chosen.IndexOf('@', StringComparison.Ordinal);
        var request = new AskForRoleRequest
        {
            Role = at < 0 ? chosen : chosen[..at],
            OrganizationId = at < 0 || at + 1 == chosen.Length ? null : chosen[(at + 1)..],
            Justification = form["justification"] ?? "",
        };
        return PageChange.RunAsync(
            List.Address,
            () => ask.RunAsync(caller, request),
            refusal => FormAsync(caller, offer, new(chosen, form.AsTyped("justification"), refusal))
        );
    }

    private static async Task<IResult> FormAsync(Caller caller, RoleOffer offer, RoleRequestForm form) =>
        new View<AskForRolePage>("role_request.title")
        {
            Status = form.Refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [List],
            ["Offered"] = (await offer.ListAsync(caller)).Items,
            ["Form"] = form,
            ["Once"] = CredentialPages.Once(),
        };

    private static Task<IResult> WithdrawAsync(string id, Caller caller, HttpContext http, OwnRoleRequests requests) =>
        PageChange.RunAsync(List.Address, () => requests.WithdrawAsync(caller, id), refusal => ListAsync(caller, http, refusal));
}

/// <summary>What the form for a request holds.</summary>
/// <param name="Chosen">The id of the role, <c>@</c>, and the id of the organization or nothing.</param>
/// <param name="Justification">Why it is needed.</param>
/// <param name="Refusal">Why the last attempt was refused; <c>null</c> = none was.</param>
public sealed record RoleRequestForm(string Chosen, string Justification, ProblemException? Refusal)
{
    /// <summary>What is wrong with the choice.</summary>
    public IReadOnlyList<FieldFault> FaultsOfRole => [.. FaultsOf("role"), .. FaultsOf("organization_id")];

    /// <summary>What is wrong with the text.</summary>
    public IReadOnlyList<FieldFault> FaultsOfJustification => FaultsOf("justification");

    private IReadOnlyList<FieldFault> FaultsOf(string member) => Refusal?.Errors?.GetValueOrDefault(member) ?? [];
}
