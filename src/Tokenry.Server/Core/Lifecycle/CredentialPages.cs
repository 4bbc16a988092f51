using System.Globalization;
using System.Security.Cryptography;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>The pages of one credential, the same below every list of credentials.</summary>
public sealed class CredentialPages(CredentialOperations operations, EndOverlap endOverlap, FreshAuthentication fresh, TimeProvider time)
{
    private const int ShownDays = 30;

    private static readonly TimeSpan Recently = TimeSpan.FromDays(7);

    /// <summary>Maps the page of a credential and the forms on it.</summary>
    /// <param name="app">The routes.</param>
    /// <param name="list">The page of the list that the credential is in.</param>
    /// <param name="family">The kinds in the list; <c>null</c> = any kind, which the id tells.</param>
    /// <param name="scopes">The scopes that the operations need.</param>
    public static void Map(IEndpointRouteBuilder app, Crumb list, CredentialFamily? family, params string[] scopes)
    {
        // The caller's own credentials have pages of their own, where another's id is not found.
        var isOwn = family is not null;
        CredentialAddress Of(string id, Caller caller) => new(family ?? CredentialFamily.OfId(id), id, isOwn ? caller.Principal.Id : null);

        var group = app.MapGroup($"/{list.Address}/{{id}}");
        group
            .MapGet("", async (string id, Caller caller, CredentialPages pages) => await pages.ShowAsync(caller, Of(id, caller), list))
            .IsPageFor(scopes);
        group
            .MapGet(
                "/first-use",
                (string id, string? since, HttpContext http, Caller caller, CredentialPages pages) =>
                    pages.FirstUseAsync(http, caller, Of(id, caller), since)
            )
            .IsPageFor(scopes);
        string[] acts =
        [
            "rename",
            "roll",
            "end-overlap",
            "disable",
            "enable",
            "revoke",
            .. family is null ? ["reveal"] : Array.Empty<string>(),
        ];
        foreach (var act in acts)
        {
            group
                .MapPost(
                    $"/{act}",
                    (string id, Caller caller, PageForm form, CredentialPages pages) =>
                        pages.ChangeAsync(caller, Of(id, caller), list, act, form)
                )
                .IsPageFor(scopes)
                .IsForm();
        }
    }

    /// <summary>A value that makes the repetition of a form the same operation.</summary>
    public static string Once() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private Task<IResult> ShowAsync(Caller caller, CredentialAddress address, Crumb list) =>
        PageAsync(caller, address, list, act: null, refusal: null);

    private async Task<IResult> PageAsync(Caller caller, CredentialAddress address, Crumb list, string? act, ProblemException? refusal)
    {
        var credential = await operations.List.ShowAsync(caller, address);
        var uses = await operations.Uses.RunAsync(caller, credential.Id, Listing.Of());
        var today = new DateTimeOffset(time.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        return new View<CredentialPage>(credential.Name)
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [list],
            ["Credential"] = credential,
            ["Address"] = $"{list.Address}/{credential.Id}",
            ["IsSecret"] = address.Family.IsSecret,
            ["StillUsed"] = IsUsed(credential),
            ["Act"] = act,
            ["Once"] = Once(),
            ["Faults"] = refusal?.Errors,
            ["Uses"] = uses,
            ["Bars"] = UsageBars.Of(uses.Usage, today.AddDays(1 - ShownDays), today.AddDays(1), TimeSpan.FromDays(1)),
        };
    }

    private bool IsUsed(Credential credential) =>
        credential.State == "active" && credential.LastUsed is { } use && use.At > time.GetUtcNow() - Recently;

    private async Task<IResult> ChangeAsync(Caller caller, CredentialAddress address, Crumb list, string act, PageForm form)
    {
        var page = $"{list.Address}/{address.Id}";
        try
        {
            switch (act)
            {
                case "rename":
                    await operations.Revise.RunAsync(caller, address, new CredentialPatch { Name = new(form["name"]) });
                    break;
                case "roll":
                    fresh.Require(caller);
                    var overlap = form["overlap"] == "exact" ? Number(form["overlap_hours"], 3600) : Number(form["overlap"], 1);
                    var rolled = await operations.Rotate.RunAsync(caller, address, new RotationRequest { OverlapSeconds = overlap });
                    return new View<SecretPage>("roll.done")
                    {
                        Trail = [list, new Crumb(rolled.Name, page)],
                        ["Credential"] = rolled,
                        ["Address"] = page,
                    };
                case "reveal":
                    var revealed = await operations.Reveal.RunAsync(caller, address);
                    return new View<SecretPage>("reveal.done")
                    {
                        Trail = [list, new Crumb(revealed.Name, page)],
                        ["Credential"] = revealed,
                        ["Address"] = page,
                        ["IsKnown"] = true,
                    };
                case "end-overlap":
                    await endOverlap.RunAsync(caller, address);
                    break;
                case "disable":
                case "enable":
                    await operations.SetDisabled.RunAsync(caller, address, disabled: act == "disable");
                    break;
                default:
                    await ConfirmAsync(caller, address, form);
                    await operations.Revoke.RunAsync(caller, address, form["reason"], descendants: null);
                    break;
            }
        }
        catch (ProblemException refusal) when (refusal is { Errors: not null, Policy: null })
        {
            return await PageAsync(caller, address, list, act, refusal);
        }
        catch (ProblemException refusal) when (refusal.Code == ProblemCode.FreshAuthenticationRequired)
        {
            return FreshAuthentication.Before("/" + page);
        }

        return new Redirect(page);
    }

    /// <summary>A number of a field in seconds; -1, which the operation refuses beside the field, if it is none.</summary>
    private static int Number(string? text, int unit) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= int.MaxValue / unit
            ? number * unit
            : -1;

    /// <summary>A credential that a caller still uses is revoked only if the person typed its name.</summary>
    private async Task ConfirmAsync(Caller caller, CredentialAddress address, PageForm form)
    {
        var credential = await operations.List.ShowAsync(caller, address);
        if (IsUsed(credential) && form["confirm"] != credential.Name)
        {
            throw ProblemException.Invalid("confirm", new FieldFault("must_be", $"must be {credential.Name}", ("value", credential.Name)));
        }
    }

    /// <summary>Answers in plain text whether the secret was used since that time; 204 while it was not.</summary>
    private async Task<IResult> FirstUseAsync(HttpContext http, Caller caller, CredentialAddress address, string? since)
    {
        http.Response.Headers.CacheControl = "no-store";
        var credential = await operations.List.ShowAsync(caller, address);
        var from = long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) ? ms : 0;
        return credential.LastUsed is { } use && use.At.ToUnixTimeMilliseconds() >= from
            ? Results.Text(
                Languages.Of(http)[
                    "secret.used_from",
                    ("when", Languages.Of(http).Relative(use.At, time.GetUtcNow())),
                    ("address", use.Ip ?? "–")
                ]
            )
            : Results.NoContent();
    }
}

/// <summary>The operations on one credential, for the page that offers all of them.</summary>
public sealed class CredentialOperations(
    ListCredentials list,
    ReviseCredential revise,
    RotateCredential rotate,
    RevokeCredential revoke,
    SetCredentialDisabled setDisabled,
    RevealSecret reveal,
    ShowCredentialUses uses
)
{
    public RevealSecret Reveal => reveal;

    public ShowCredentialUses Uses => uses;

    public ListCredentials List => list;

    public ReviseCredential Revise => revise;

    public RotateCredential Rotate => rotate;

    public RevokeCredential Revoke => revoke;

    public SetCredentialDisabled SetDisabled => setDisabled;
}
