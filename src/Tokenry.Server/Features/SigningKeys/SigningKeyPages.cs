using System.Security.Cryptography;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SigningKeys;

/// <summary><c>/signing-keys</c>: the pages of the keys that sign access tokens.</summary>
internal static class SigningKeyPages
{
    private static readonly string[] Reads = [ManagementApi.SigningKeysRead];
    private static readonly string[] Writes = [ManagementApi.SigningKeysWrite];
    private static readonly Crumb List = new("signing_keys.title", "signing-keys");

    public static IServiceCollection AddSigningKeyPages(this IServiceCollection services) =>
        services.AddSingleton(new NavigationEntry(NavigationSection.Run, 0, List.Text, List.Address, "signature") { Scopes = Reads });

    public static void MapSigningKeyPages(this IEndpointRouteBuilder app)
    {
        app.MapGet(
                "/signing-keys",
                async (Caller caller, HttpContext http, ListSigningKeys list) =>
                    await ListAsync(caller, Listing.OfForm(http.Request.Query), list, refusal: null)
            )
            .IsPageFor(Reads);
        app.MapPost("/signing-keys/rotate", RotateAsync).IsPageFor(Writes).IsForm();
        app.MapGet(
                "/signing-keys/{id}",
                async (string id, Caller caller, ListSigningKeys list) => await ShowAsync(caller, id, list, refusal: null)
            )
            .IsPageFor(Reads);
        app.MapPost(
                "/signing-keys/{id}/taint",
                (string id, Caller caller, PageForm form, HttpContext http) => TaintAsync(caller, id, form, http.RequestServices)
            )
            .IsPageFor(Writes)
            .IsForm();
    }

    /// <summary>The part of an id that a person types to confirm.</summary>
    public static string Short(string id) => id[..Math.Min(8, id.Length)];

    private static async Task<IResult> ListAsync(Caller caller, Listing listing, ListSigningKeys list, ProblemException? refusal) =>
        new View<SigningKeysPage>(List.Text)
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            ["Keys"] = await list.RunAsync(caller, listing),
            ["IsLater"] = listing.Cursor is not null,
            ["Once"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            ["Refusal"] = refusal,
        };

    private static async Task<IResult> ShowAsync(Caller caller, string id, ListSigningKeys list, ProblemException? refusal) =>
        new View<SigningKeyPage>(Short(id) + "…")
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [List],
            ["Key"] = await list.ShowAsync(caller, id),
            ["Refusal"] = refusal,
        };

    private static Task<IResult> RotateAsync(
        Caller caller,
        PageForm form,
        RotateSigningKey rotate,
        FreshAuthentication fresh,
        ListSigningKeys list
    ) =>
        PageChange.RunAsync(
            List.Address,
            () =>
            {
                fresh.Require(caller);
                return rotate.RunAsync(
                    caller,
                    new SigningKeyRotationRequest { Algorithm = form["algorithm"] ?? "", Immediately = form["immediately"] is not null }
                );
            },
            refusal => ListAsync(caller, Listing.Of(), list, refusal)
        );

    private static Task<IResult> TaintAsync(Caller caller, string id, PageForm form, IServiceProvider services)
    {
        var list = services.GetRequiredService<ListSigningKeys>();
        return PageChange.RunAsync(
            $"{List.Address}/{id}",
            async () =>
            {
                services.GetRequiredService<FreshAuthentication>().Require(caller);
                if (form["confirm"] != Short((await list.ShowAsync(caller, id)).Id))
                {
                    throw ProblemException.Invalid("confirm", new FieldFault("must_be", $"must be {Short(id)}", ("value", Short(id))));
                }

                await services
                    .GetRequiredService<TaintSigningKey>()
                    .RunAsync(caller, id, new SigningKeyTaintRequest { Reason = form["reason"] ?? "" });
            },
            refusal => ShowAsync(caller, id, list, refusal)
        );
    }
}
