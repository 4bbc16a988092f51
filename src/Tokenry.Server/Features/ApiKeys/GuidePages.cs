using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.ApiKeys;

/// <summary><c>/start/key</c>: the second and third step of the guide: a key for the new API, and its first request.</summary>
internal static class GuidePages
{
    private const string Route = "/start/key";
    private const string Title = "guide.title";

    private static readonly string[] Scopes = [ManagementApi.CredentialsWrite];

    public static void MapGuidePages(this IEndpointRouteBuilder app)
    {
        app.MapGet(Route, AskAsync).IsPageFor(Scopes);
        app.MapPost(Route, CreateAsync).IsPageFor(Scopes).IsForm();
    }

    private static async Task<IResult> AskAsync(HttpContext http, Caller caller, CredentialForms forms, CatalogCache catalogs) =>
        forms.Confirmation(caller, http.Request)
        ?? Form(
            (await catalogs.GetAsync()).Resource(http.Request.Query["api"].ToString()),
            await forms.LimitsAsync(caller, caller.Principal.Id, CredentialKind.ApiKey),
            name: null,
            refusal: null
        );

    private static async Task<IResult> CreateAsync(
        Caller caller,
        PageForm form,
        CreateApplicationWithApiKey create,
        CredentialForms forms,
        CatalogCache catalogs
    )
    {
        try
        {
            forms.RequireFresh(caller);
            var request = new QuickApiKeyRequest
            {
                Name = form["name"] ?? "",
                Api = form["api"] ?? "",
                Scopes = form.All("scope"),
                Justification = form["justification"],
            };
            var key = await create.RunAsync(caller, request);
            return new View<GuideKeyPage>(Title)
            {
                ["Key"] = key,
                ["Api"] = request.Api,
                ["Scope"] = request.Scopes[0],
            };
        }
        catch (ProblemException refusal) when (refusal is { IsForForm: true, MissingScopes: null })
        {
            return Form(
                (await catalogs.GetAsync()).Resource(form["api"] ?? ""),
                await forms.LimitsAsync(caller, caller.Principal.Id, CredentialKind.ApiKey),
                form["name"],
                refusal
            );
        }
    }

    private static View<NewGuideKeyPage> Form(ApiResourceFacts? api, CredentialLimits limits, string? name, ProblemException? refusal)
    {
        if (api is null || api.Identifier == ManagementApi.Identifier)
        {
            throw ProblemException.NotFound();
        }

        return new(Title)
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            ["Api"] = api.Identifier,
            ["Scopes"] = api.Scopes.ToList(),
            ["Limits"] = limits,
            ["Name"] = name,
            ["Once"] = CredentialPages.Once(),
            ["Refusal"] = refusal,
        };
    }
}
