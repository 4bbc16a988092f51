using System.Security.Cryptography;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.ApiResources;

/// <summary><c>/apis/new</c>: registers an API; also the first step of the guide after the first sign-in.</summary>
internal static class NewApiPages
{
    private const string Guide = "guide";

    private static readonly string[] Scopes = [ManagementApi.ApiResourcesWrite];

    public static void MapNewApiPages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/apis/new", (HttpContext http) => Form(PageForm.Empty, http.Request.Query.ContainsKey(Guide), refusal: null))
            .IsPageFor(Scopes);
        app.MapPost("/apis/new", CreateAsync).IsPageFor(Scopes).IsForm();
    }

    private static async Task<IResult> CreateAsync(Caller caller, PageForm form, CreateApiResource create)
    {
        var isGuide = form[Guide] is not null;
        try
        {
            var api = await create.RunAsync(
                caller,
                new ApiResourceRequest
                {
                    Identifier = form["identifier"] ?? "",
                    Name = form["name"] ?? "",
                    Scopes = [.. form.AsTyped("scopes").Split('\n').Select(ReadScope).OfType<ScopeDefinition>()],
                    AccessLog = form["access_log"],
                }
            );
            return new Redirect(isGuide ? $"start/key?api={Uri.EscapeDataString(api.Identifier)}" : $"apis/{api.Id}");
        }
        catch (ProblemException refusal) when (refusal is { Status: 400 or 409, MissingScopes: null })
        {
            return Form(form, isGuide, refusal);
        }
    }

    /// <summary>A line of the field: the name of a scope, and its meaning after a space.</summary>
    private static ScopeDefinition? ReadScope(string line)
    {
        var parts = line.Trim().Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == 0 ? null : new ScopeDefinition(parts[0], parts.Length == 2 ? parts[1] : null);
    }

    private static IResult Form(PageForm form, bool isGuide, ProblemException? refusal) =>
        new View<NewApiPage>(isGuide ? "guide.title" : "new_api.title")
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = isGuide ? [] : [new Crumb("apis.title", "apis")],
            ["Form"] = form,
            ["IsGuide"] = isGuide,
            ["Once"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            ["Refusal"] = refusal,
        };
}
