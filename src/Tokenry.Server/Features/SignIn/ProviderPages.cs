using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// The way to an outside provider and back. It begins with a link and not with a form, because a form of our pages may lead to no other site. A person who is
/// signed in links an account with a form of their own: an account that another site had the browser sign in with must not become a way in.
/// </summary>
public static class ProviderPages
{
    private const string Start = "/sign-in/with/{provider}";
    private const string OwnPath = $"{SecurityPages.Path}/accounts";

    private static readonly PageText Ended = new("sign_in_fault.provider_ended");
    private static readonly PageText Refused = new("sign_in_fault.provider_refused");
    private static readonly PageText Away = new("sign_in_fault.provider_away");
    private static readonly PageText NotLinked = new("sign_in_fault.provider_not_linked");
    private static readonly PageText TooLate = new("sign_in_fault.provider_too_late");

    public static void MapProviderPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("").ExcludeFromDescription();
        pages.MapGet(Start, StartAsync).IsDoor().IsPage(); // a code follows
        pages.MapGet(Start + "/callback", ReturnAsync).IsDoor().IsPage(); // a code comes with it
        pages.MapGet(OwnPath, context => Redirect.ToAsync(context, SecurityPages.Path)).NeedsSession();
        pages.MapGet(OwnPath + "/remove", context => Redirect.ToAsync(context, SecurityPages.Path)).NeedsSession();
        pages.MapGet(OwnPath + "/add/{provider}", StartLinkAsync).NeedsSession();
        pages.MapPost(OwnPath, LinkAsync).NeedsSession().IsForm();
        pages.MapPost(OwnPath + "/remove", RemoveAsync).NeedsSession().IsForm();
    }

    private static Task StartAsync(string provider, HttpContext context) =>
        LeaveAsync(context, provider, LocalPath.Or(context.Request.Query["return"], SignInPages.Home), session: null);

    private static async Task StartLinkAsync(string provider, HttpContext context, FreshAuthentication fresh)
    {
        var caller = SessionCaller.Required(context);
        if (!fresh.Has(caller))
        {
            await FreshAuthentication.Before(SecurityPages.Path).ExecuteAsync(context);
            return;
        }

        await LeaveAsync(context, provider, SecurityPages.Path, SessionCaller.SessionOf(caller)!.Id);
    }

    private static async Task LeaveAsync(HttpContext context, string name, string next, string? session)
    {
        var services = context.RequestServices;
        var provider = services.GetRequiredService<TokenryOptions>().SignIn.Provider(name) ?? throw ProblemException.NotFound();
        var signIns = services.GetRequiredService<ProviderSignIns>();
        var signIn = signIns.Begin(name, next, session);
        if (await services.GetRequiredService<SignInProviders>().AddressAsync(provider, signIn) is not { } address)
        {
            await SayAsync(context, session, new SignInFault(Away, StatusCodes.Status503ServiceUnavailable));
            return;
        }

        ProviderCookie.Write(context.Response, signIns.Seal(signIn));
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Location = address;
    }

    private static async Task ReturnAsync(string provider, HttpContext context, SignInWithProvider signInWith)
    {
        var services = context.RequestServices;
        var settings = services.GetRequiredService<TokenryOptions>().SignIn.Provider(provider) ?? throw ProblemException.NotFound();
        var signIns = services.GetRequiredService<ProviderSignIns>();
        var signIn = signIns.Open(ProviderCookie.Read(context.Request));
        ProviderCookie.Delete(context.Response);
        var facts = RequestFacts.Of(context);
        var query = context.Request.Query;
        if (signIn is null || signIn.Provider != provider || !IsSame(query["state"].ToString(), signIn.State))
        {
            signInWith.Refuse(facts, "provider_state");
            await SayAsync(context, session: null, new SignInFault(Ended));
            return;
        }

        try
        {
            signInWith.Count(facts);
            // RFC 9207: an answer of another provider is not looked at.
            var isOther = query["iss"].ToString() is { Length: > 0 } issuer && issuer != settings.Issuer;
            if (
                isOther
                || query["code"].ToString() is not { Length: > 0 and <= 2000 } code
                || await services.GetRequiredService<SignInProviders>().RedeemAsync(settings, code, signIn) is not { } identity
            )
            {
                signInWith.Refuse(facts, "provider_refused");
                await SayAsync(context, signIn.Session, new SignInFault(Refused));
                return;
            }

            if (signIn.Session is { } session)
            {
                await OfferLinkAsync(context, settings, identity, session);
                return;
            }

            if (await signInWith.RunAsync(facts, settings, signIn, identity, SessionCaller.Of(context)) is { } begun)
            {
                SessionCookie.Write(context.Response, begun);
                await Redirect.ToAsync(context, signIn.Next);
                return;
            }

            await SayAsync(context, session: null, new SignInFault(NotLinked));
        }
        catch (ProblemException refused) when (refused.Code is ProblemCode.TooManyRequests or ProblemCode.AlreadyExists)
        {
            await SayAsync(context, signIn.Session, new SignInFault(refused));
        }
    }

    /// <summary>The form with which the person links the account that they proved just now.</summary>
    private static async Task OfferLinkAsync(HttpContext context, SignInProviderOptions provider, ProviderIdentity identity, string session)
    {
        if (SessionCaller.Of(context) is not { } caller || SessionCaller.SessionOf(caller)!.Id != session)
        {
            await SayAsync(context, session: null, new SignInFault(Ended));
            return;
        }

        await SignInAnswer.PageAsync<LinkAccountPage>(
            context,
            new SignInView(context)
            {
                Name = identity.Label,
                ProviderLabel = provider.Label,
                Account = context.RequestServices.GetRequiredService<ProviderSignIns>().SealAccount(identity, session),
            }
        );
    }

    private static Task LinkAsync(HttpContext context, PageForm form, OwnLinkedAccounts accounts) =>
        ChangeAsync(context, async () => await accounts.LinkAsync(SessionCaller.Required(context), form["account"]) ? null : TooLate);

    private static Task RemoveAsync(HttpContext context, PageForm form, OwnLinkedAccounts accounts) =>
        ChangeAsync(
            context,
            async () =>
            {
                await accounts.RemoveAsync(SessionCaller.Required(context), form["id"] ?? "");
                return null;
            }
        );

    private static Task ChangeAsync(HttpContext context, Func<Task<PageText?>> change) => SecurityPages.ChangeAsync(context, change);

    private static Task SayAsync(HttpContext context, string? session, SignInFault error) =>
        session is not null && SessionCaller.Of(context) is not null
            ? SecurityPages.ShowAsync(context, error)
            : SignInAnswer.PageAsync<SignInPage>(context, new SignInView(context) { Error = error });

    private static bool IsSame(string sent, string known) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), Encoding.UTF8.GetBytes(known));
}
