using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// The forms of passkeys: at sign-in, behind a link, to confirm who one is, on <c>/account/security</c> and on <c>/users/{id}</c>. Each ceremony is two posts of one
/// form: its script fetches what the browser needs from <c>…/options</c>, and sends the form with the browser's answer.
/// </summary>
public static class PasskeyPages
{
    private static readonly PageText NotAccepted = new("sign_in_fault.passkey_refused");
    private static readonly PageText NotMade = new("sign_in_fault.passkey_not_made");

    private const string SignInPath = $"{SessionAuthentication.SignInPath}/passkey";
    private const string LinkPath = $"{SignInLinks.Path}/passkey";
    private const string ConfirmPath = $"{FreshAuthentication.Path}/passkey";
    private const string OwnPath = $"{SecurityPages.Path}/passkeys";
    private const string Options = "/options";

    public static void MapPasskeyPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("").ExcludeFromDescription();
        pages.MapPost(SignInPath + Options, BeginSignInAsync).OpenToAnybody().IsPage().IsForm();
        pages.MapPost(SignInPath, SignInAsync).OpenToAnybody().IsPage().IsForm();
        pages.MapPost(LinkPath + Options, BeginLinkAsync).OpenToAnybody().IsPage().IsForm();
        pages.MapPost(LinkPath, SetByLinkAsync).OpenToAnybody().IsPage().IsForm();
        pages.MapPost(ConfirmPath + Options, BeginConfirmAsync).NeedsSession().IsForm();
        pages.MapPost(ConfirmPath, ConfirmAsync).NeedsSession().IsForm();
        pages.MapPost(OwnPath + Options, BeginAddAsync).NeedsSession().IsForm();
        pages.MapPost(OwnPath, AddAsync).NeedsSession().IsForm();
        pages.MapPost($"{OwnPath}/rename", RenameAsync).NeedsSession().IsForm();
        pages.MapPost($"{OwnPath}/remove", RemoveAsync).NeedsSession().IsForm();
        pages.MapPost("/users/{id}/passkeys/remove", RemoveAllAsync).IsPageFor(ManagementApi.CredentialsWrite).IsForm();

        // These forms may answer with a page; a choice of the language there leads back by GET.
        pages.MapGet(SignInPath, BackTo(SessionAuthentication.SignInPath)).IsDoor().IsPage(); // a passkey follows
        pages.MapGet(LinkPath, BackTo(SessionAuthentication.SignInPath)).IsDoor().IsPage(); // a passkey follows
        pages.MapGet(ConfirmPath, BackTo(FreshAuthentication.Path)).NeedsSession();
        foreach (var shown in new[] { "", "/rename", "/remove" })
        {
            pages.MapGet(OwnPath + shown, BackTo(SecurityPages.Path)).NeedsSession();
        }
    }

    private static RequestDelegate BackTo(string path) => context => Redirect.ToAsync(context, path);

    private static PasskeyAnswer AnswerOf(PageForm form) => new(form.AsTyped("credential"), form.AsTyped("challenge"));

    private static IResult Json(PasskeyRequest request) =>
        Results.Text($$"""{"options":{{request.Options}},"challenge":"{{request.Challenge}}"}""", "application/json");

    private static async Task<IResult> BeginSignInAsync(HttpContext context, SignInWithPasskey signIn) =>
        Json(await signIn.BeginAsync(BrowserCookie.ReadOrWrite(context)));

    private static async Task SignInAsync(HttpContext context, PageForm form, SignInWithPasskey signIn)
    {
        var next = LocalPath.Or(form["return"], SignInPages.Home);
        var browser = BrowserCookie.Read(context.Request);
        var refusal = await SignInAnswer.TryAsync(
            context,
            async () => await signIn.RunAsync(RequestFacts.Of(context), AnswerOf(form), browser, SessionCaller.Of(context)),
            next,
            NotAccepted
        );
        if (refusal is not null)
        {
            await SignInAnswer.PageAsync<SignInPage>(context, new SignInView(context) { Return = next, Error = refusal });
        }
    }

    private static async Task<IResult> BeginLinkAsync(HttpContext context, PageForm form, SetPasskeyByLink set) =>
        await set.BeginAsync(form["code"] ?? "", BrowserCookie.ReadOrWrite(context)) is { } request
            ? Json(request)
            : throw ProblemException.NotFound();

    private static async Task SetByLinkAsync(HttpContext context, PageForm form, SetPasskeyByLink set, SetPasswordByLink link)
    {
        var code = form["code"] ?? "";
        var browser = BrowserCookie.Read(context.Request);
        var refusal = await SignInAnswer.TryAsync(
            context,
            async () => await set.RunAsync(RequestFacts.Of(context), code, AnswerOf(form), browser),
            SignInPages.Home,
            NotMade
        );
        if (refusal is not null)
        {
            await SignInPages.LinkFormAsync(context, code, await link.FindAsync(code), refusal);
        }
    }

    private static async Task<IResult> BeginConfirmAsync(HttpContext context, ConfirmWithPasskey confirm) =>
        Json(await confirm.BeginAsync(SessionCaller.Required(context)));

    private static async Task ConfirmAsync(HttpContext context, PageForm form, ConfirmWithPasskey confirm)
    {
        var next = LocalPath.Or(form["return"], SignInPages.Home);
        var refusal = await SignInAnswer.TryAsync(
            context,
            async () => await confirm.RunAsync(SessionCaller.Required(context), AnswerOf(form)),
            next,
            NotAccepted
        );
        if (refusal is not null)
        {
            await SignInPages.ConfirmFormAsync(context, next, refusal);
        }
    }

    private static async Task<IResult> BeginAddAsync(HttpContext context, AddPasskey add) =>
        Json(await add.BeginAsync(SessionCaller.Required(context)));

    private static Task AddAsync(HttpContext context, PageForm form, AddPasskey add) =>
        SecurityPages.ChangeAsync(
            context,
            async () => await add.RunAsync(SessionCaller.Required(context), AnswerOf(form), form["name"]) is null ? NotMade : null
        );

    private static Task RenameAsync(HttpContext context, PageForm form, OwnPasskeys passkeys) =>
        SecurityPages.ChangeAsync(
            context,
            async () =>
            {
                await passkeys.RenameAsync(SessionCaller.Required(context), form["id"] ?? "", form["name"]);
                return null;
            }
        );

    private static Task RemoveAsync(HttpContext context, PageForm form, OwnPasskeys passkeys) =>
        SecurityPages.ChangeAsync(
            context,
            async () =>
            {
                await passkeys.RemoveAsync(SessionCaller.Required(context), form["id"] ?? "");
                return null;
            }
        );

    private static async Task RemoveAllAsync(string id, HttpContext context, PasskeysOfUser passkeys)
    {
        try
        {
            await passkeys.RemoveAllAsync(SessionCaller.Required(context), id);
            await Redirect.ToAsync(context, LocalPath.Or($"/users/{id}", "/users"));
        }
        catch (ProblemException refused) when (refused.Code == ProblemCode.FreshAuthenticationRequired)
        {
            await FreshAuthentication.Before($"/users/{Uri.EscapeDataString(id)}").ExecuteAsync(context);
        }
    }
}
