using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Applications;

/// <summary><c>/applications/{owner}/secrets/new</c>: the form for a new client secret.</summary>
internal static class ClientSecretPages
{
    private const string Route = "/applications/{owner}/secrets/new";

    private static readonly string[] Scopes =
    [
        ManagementApi.CredentialsWrite,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationApplications,
    ];

    public static void MapClientSecretPages(this IEndpointRouteBuilder app)
    {
        app.MapGet(Route, AskAsync).IsPageFor(Scopes);
        app.MapPost(Route, CreateAsync).IsPageFor(Scopes).IsForm();
    }

    private static async Task<IResult> AskAsync(string owner, HttpContext http, Caller caller, CredentialForms forms) =>
        forms.Confirmation(caller, http.Request)
        ?? Form(owner, await forms.AskedAsync(caller, owner, CredentialKind.ClientSecret, http.Request.Query), StatusCodes.Status200OK);

    private static async Task<IResult> CreateAsync(
        string owner,
        PageForm form,
        Caller caller,
        CreateClientSecret create,
        CredentialForms forms
    )
    {
        try
        {
            var asked = forms.Request(caller, form);
            var secret = await create.RunAsync(
                caller,
                owner,
                new CredentialRequest
                {
                    Name = asked.Name,
                    ExpiresAt = asked.ExpiresAt,
                    AllowedIps = asked.AllowedIps,
                    Justification = asked.Justification,
                }
            );
            return new View<ClientSecretMadePage>("new_secret.done") { Trail = Trail(owner), ["Secret"] = secret };
        }
        catch (ProblemException problem) when (problem.IsForForm)
        {
            return Form(owner, await forms.RefusedAsync(caller, owner, CredentialKind.ClientSecret, form, problem), problem.Status);
        }
    }

    private static View<NewClientSecretPage> Form(string owner, CredentialForm form, int status) =>
        new("new_secret.title")
        {
            Status = status,
            Trail = Trail(owner),
            ["Form"] = form,
            ["Owner"] = owner,
        };

    private static IReadOnlyList<Crumb> Trail(string owner) => [ApplicationPages.List, new(owner, $"applications/{owner}")];
}
