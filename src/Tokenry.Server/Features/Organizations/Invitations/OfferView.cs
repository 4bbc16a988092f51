using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>The page behind the link of an invitation, and what its forms do.</summary>
internal sealed class OfferView(AcceptInvitation accept, JoinByInvitation join, GrantableRoles roles)
{
    /// <param name="code">The code of the link.</param>
    /// <param name="typed">What was entered before; <c>null</c> = nothing.</param>
    /// <param name="refusal">Why it was refused; <c>null</c> = it was not.</param>
    public async Task<IResult> PageAsync(string code, PageForm? typed = null, ProblemException? refusal = null)
    {
        var offer = await accept.FindAsync(code);
        return new View<InvitationPage>(
            offer is null ? InvitationPages.BrokenTitle
            : offer.IsPending ? InvitationPages.OfferTitle
            : InvitationPages.EndedTitle
        )
        {
            Status =
                offer is null ? StatusCodes.Status404NotFound
                : refusal is null ? StatusCodes.Status200OK
                : refusal.Status == StatusCodes.Status400BadRequest ? StatusCodes.Status422UnprocessableEntity
                : refusal.Status,
            ["Offer"] = offer,
            ["Code"] = code,
            ["Roles"] = await roles.NamesAsync(offer?.Row.Roles ?? []),
            ["Typed"] = typed ?? PageForm.Empty,
            ["Refusal"] = refusal,
        };
    }

    /// <summary>Accepts for the person who is signed in; others sign in first.</summary>
    public async Task<IResult> AcceptAsync(HttpContext http, PageForm form)
    {
        var code = CodeOf(form);
        return SessionCaller.Of(http) is { } caller
            ? await TryAsync(form, async () => Enter(http, await accept.RunAsync(caller, code)))
            : new Redirect(SignInWith(code));
    }

    /// <summary>Makes an account, accepts and signs the person in.</summary>
    public Task<IResult> JoinAsync(HttpContext http, PageForm form) =>
        TryAsync(
            form,
            async () =>
            {
                if (form.AsTyped("password") != form.AsTyped("again"))
                {
                    throw ProblemException.Invalid("again", new FieldFault("not_same", "is not the same as the password"));
                }

                var (organization, session) = await join.RunAsync(
                    RequestFacts.Of(http),
                    CodeOf(form),
                    new NewAccount
                    {
                        Email = form["email"],
                        Name = form["name"],
                        Password = form.AsTyped("password"),
                    }
                );
                SessionCookie.Write(http.Response, session);
                return Enter(http, organization);
            }
        );

    public Task<IResult> DeclineAsync(HttpContext http, PageForm form) =>
        TryAsync(
            form,
            async () =>
            {
                await accept.DeclineAsync(RequestFacts.Of(http), SessionCaller.Of(http), CodeOf(form));
                return await PageAsync(CodeOf(form));
            }
        );

    /// <summary>The address of the sign-in page that leads back to the link.</summary>
    public static string SignInWith(string code) =>
        $"{SessionAuthentication.SignInPath[1..]}?return="
        + Uri.EscapeDataString($"{AcceptInvitation.Path}?{LinkCode.Parameter}={Uri.EscapeDataString(code)}");

    private static string CodeOf(PageForm form) => form[LinkCode.Parameter] ?? "";

    /// <summary>From here on the person acts in the organization.</summary>
    private static Redirect Enter(HttpContext http, string organizationId)
    {
        OrganizationCookie.Write(http.Response, organizationId);
        return new Redirect("overview");
    }

    private async Task<IResult> TryAsync(PageForm form, Func<Task<IResult>> run)
    {
        try
        {
            return await run();
        }
        catch (ProblemException problem) when (problem.IsForForm || problem.Status is 404 or 429)
        {
            return await PageAsync(CodeOf(form), form, problem);
        }
    }
}
