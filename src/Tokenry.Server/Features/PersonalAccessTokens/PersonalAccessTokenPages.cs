using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.PersonalAccessTokens;

/// <summary><c>/account/tokens</c>: the pages on which people look after their own personal access tokens.</summary>
internal static class PersonalAccessTokenPages
{
    private const string Address = "account/tokens";
    private const string Kind = CredentialKind.PersonalAccessToken;

    private static readonly string[] Scopes = [ManagementApi.TokensOwn];

    private static readonly Crumb List = new("tokens.title", Address);

    public static IServiceCollection AddPersonalAccessTokenPages(this IServiceCollection services) =>
        services.AddSingleton(new NavigationEntry(NavigationSection.You, 10, "tokens.title", Address, "key") { Scopes = Scopes });

    public static void MapPersonalAccessTokenPages(this IEndpointRouteBuilder app)
    {
        app.MapGet($"/{Address}", ListAsync).IsPageFor(Scopes);
        app.MapGet($"/{Address}/new", AskAsync).IsPageFor(Scopes);
        app.MapPost($"/{Address}/new", CreateAsync).IsPageFor(Scopes).IsForm();
        CredentialPages.Map(app, List, CredentialFamily.PersonalAccessTokens, Scopes);
    }

    private static async Task<IResult> ListAsync(Caller caller, Listing listing, ListCredentials list) =>
        new View<MyTokensPage>("tokens.title")
        {
            ["Tokens"] = await list.RunAsync(caller, [CredentialFamily.PersonalAccessTokens], caller.Principal.Id, listing),
            ["IsLater"] = listing.Cursor is not null,
        };

    private static async Task<IResult> AskAsync(HttpContext http, Caller caller, CredentialForms forms, GrantableScopes grantable) =>
        forms.Confirmation(caller, http.Request)
        ?? Form(
            await forms.AskedAsync(caller, caller.Principal.Id, Kind, http.Request.Query),
            await grantable.ThereAsync(caller, Kind),
            StatusCodes.Status200OK
        );

    private static async Task<IResult> CreateAsync(
        PageForm form,
        Caller caller,
        CreatePersonalAccessToken create,
        CredentialForms forms,
        GrantableScopes grantable
    )
    {
        try
        {
            var token = await create.RunAsync(caller, caller.Principal.Id, forms.Request(caller, form));
            return new View<TokenMadePage>("new_token.done") { Trail = [List], ["Token"] = token };
        }
        catch (ProblemException problem) when (problem.IsForForm)
        {
            return Form(
                await forms.RefusedAsync(caller, caller.Principal.Id, Kind, form, problem),
                await grantable.ThereAsync(caller, Kind),
                problem.Status
            );
        }
    }

    private static View<NewTokenPage> Form(CredentialForm form, IReadOnlyDictionary<string, IReadOnlyList<ApiChoice>> there, int status) =>
        new("new_token.title")
        {
            Status = status,
            Trail = [List],
            ["Form"] = form,
            ["There"] = there,
        };
}
