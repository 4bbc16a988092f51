using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.ApiKeys;

/// <summary><c>/applications/{owner}/api-keys/new</c>: the form for a new API key. Its page afterwards is that of every credential.</summary>
internal static class ApiKeyPages
{
    private const string Route = "/applications/{owner}/api-keys/new";

    private static readonly string[] Scopes =
    [
        ManagementApi.CredentialsWrite,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationApplications,
    ];

    public static void MapApiKeyPages(this IEndpointRouteBuilder app)
    {
        app.MapGet(Route, AskAsync).IsPageFor(Scopes);
        app.MapPost(Route, CreateAsync).IsPageFor(Scopes).IsForm();
    }

    private static async Task<IResult> AskAsync(string owner, HttpContext http, Caller caller, CredentialForms forms) =>
        forms.Confirmation(caller, http.Request)
        ?? Form(owner, await forms.AskedAsync(caller, owner, CredentialKind.ApiKey, http.Request.Query), StatusCodes.Status200OK);

    private static async Task<IResult> CreateAsync(string owner, PageForm form, Caller caller, CreateApiKey create, CredentialForms forms)
    {
        try
        {
            var key = await create.RunAsync(caller, owner, forms.Request(caller, form));
            return new View<ApiKeyMadePage>("new_key.done") { Trail = Trail(owner), ["Key"] = key };
        }
        catch (ProblemException problem) when (problem.IsForForm)
        {
            return Form(owner, await forms.RefusedAsync(caller, owner, CredentialKind.ApiKey, form, problem), problem.Status);
        }
    }

    private static View<NewApiKeyPage> Form(string owner, CredentialForm form, int status) =>
        new("new_key.title")
        {
            Status = status,
            Trail = Trail(owner),
            ["Form"] = form,
            ["Owner"] = owner,
        };

    private static IReadOnlyList<Crumb> Trail(string owner) =>
        [new("applications.title", "applications"), new(owner, $"applications/{owner}")];
}
