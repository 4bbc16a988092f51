using Microsoft.AspNetCore.Http.HttpResults;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>The routes of a credential's lifecycle, the same below every collection of credentials.</summary>
public static class CredentialRoutes
{
    /// <summary>
    /// Maps show, revise, revoke, disable, enable and, if the server makes the secrets, rotate and end-overlap below <paramref name="group"/>, whose path may name an owner
    /// as <c>{owner}</c>.
    /// </summary>
    /// <param name="group">The collection.</param>
    /// <param name="family">Which kinds the collection has.</param>
    /// <param name="ownedByCaller">Whether the collection is the caller's own (<c>/v1/me/tokens</c>).</param>
    public static void MapLife(this IEndpointRouteBuilder group, CredentialFamily family, bool ownedByCaller = false)
    {
        CredentialAddress Address(string id, string? owner, Caller caller) => new(family, id, ownedByCaller ? caller.Principal.Id : owner);

        var (read, write) = (family.ReadScopes, family.WriteScopes);

        group
            .MapGet(
                "/{id}",
                async (string id, Caller caller, HttpContext http, ListCredentials list) =>
                    TypedResults.Ok(await list.ShowAsync(caller, Address(id, Owner(http), caller)))
            )
            .WithSummary($"Show the {family.Title}.")
            .Needs(read);
        group
            .MapPatch(
                "/{id}",
                async (string id, Caller caller, HttpContext http, Body<CredentialPatch> body, ReviseCredential revise) =>
                    TypedResults.Ok(await revise.RunAsync(caller, Address(id, Owner(http), caller), body.Value))
            )
            .WithSummary($"Revise the {family.Title}.")
            .Needs(write);
        group
            .MapDelete(
                "/{id}",
                async (string id, Caller caller, HttpContext http, string? reason, string? descendants, RevokeCredential revoke) =>
                    Revoked(http, await revoke.RunAsync(caller, Address(id, Owner(http), caller), reason, descendants))
            )
            .WithSummary($"Revoke the {family.Title}; its record stays.")
            .Needs(write);
        if (family.IsSecret)
        {
            group
                .MapPost(
                    "/{id}/rotate",
                    async (string id, Caller caller, HttpContext http, Body<RotationRequest> body, RotateCredential rotate) =>
                        TypedResults.Ok(await rotate.RunAsync(caller, Address(id, Owner(http), caller), body.Value))
                )
                .WithSummary($"Rotate the {family.Title}: a new secret under the same id.")
                .Needs(write);
            group
                .MapPost(
                    "/{id}/end-overlap",
                    async (string id, Caller caller, HttpContext http, EndOverlap end) =>
                        TypedResults.Ok(await end.RunAsync(caller, Address(id, Owner(http), caller)))
                )
                .WithSummary($"End the overlap after a rotation: the old secret of the {family.Title} stops now.")
                .Needs(write);
        }

        group
            .MapPost(
                "/{id}/disable",
                async (string id, Caller caller, HttpContext http, SetCredentialDisabled set) =>
                    TypedResults.Ok(await set.RunAsync(caller, Address(id, Owner(http), caller), disabled: true))
            )
            .WithSummary($"Disable the {family.Title}.")
            .Needs(write);
        group
            .MapPost(
                "/{id}/enable",
                async (string id, Caller caller, HttpContext http, SetCredentialDisabled set) =>
                    TypedResults.Ok(await set.RunAsync(caller, Address(id, Owner(http), caller), disabled: false))
            )
            .WithSummary($"Enable the {family.Title}.")
            .Needs(write);
    }

    /// <summary>Maps the list of a collection.</summary>
    /// <inheritdoc cref="MapLife"/>
    public static void MapList(this IEndpointRouteBuilder group, CredentialFamily family, bool ownedByCaller = false) =>
        group
            .MapGet(
                "",
                async (Caller caller, HttpContext http, Listing listing, ListCredentials list) =>
                    TypedResults.Ok(await list.RunAsync(caller, [family], ownedByCaller ? caller.Principal.Id : Owner(http), listing))
            )
            .WithSummary($"List {family.Plural}.")
            .Lists(ownedByCaller ? ListCredentials.FiltersBelowOwner : ListCredentials.Filters)
            .Needs(family.ReadScopes);

    /// <summary>Answers a revocation, without a body; a header tells how many credentials that the revoked one made are still live.</summary>
    public static NoContent Revoked(HttpContext http, string? descendants)
    {
        TellDescendants(http, descendants);
        return TypedResults.NoContent();
    }

    /// <summary>Sets the header with the number of live descendants, if they were counted.</summary>
    public static void TellDescendants(HttpContext http, string? descendants) =>
        http.Response.Headers[RevokeCredential.DescendantsHeader] = descendants;

    private static string? Owner(HttpContext http) => http.GetRouteValue("owner") as string;
}
