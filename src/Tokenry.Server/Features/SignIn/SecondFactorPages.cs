using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// The forms of the second factor: on <c>/account/security</c> those of the person, on <c>/users/{id}</c> that of an administrator. A form without a fresh
/// proof leads to <c>/sign-in/confirm</c>.
/// </summary>
public static class SecondFactorPages
{
    private static readonly PageText Wrong = new("sign_in_fault.first_code");

    public static void MapSecondFactorPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup($"{SecurityPages.Path}/second-factor").ExcludeFromDescription();
        pages.MapPost("", StartAsync).NeedsSession().IsForm();
        pages.MapPost("/confirm", ConfirmAsync).NeedsSession().IsForm();
        pages.MapPost("/recovery-codes", ReplaceCodesAsync).NeedsSession().IsForm();
        pages.MapPost("/off", TurnOffAsync).NeedsSession().IsForm();
        foreach (var shown in new[] { "", "/confirm", "/recovery-codes" })
        {
            // These forms answer with a page; a choice of the language there leads back by GET.
            pages.MapGet(shown, (HttpContext context) => Redirect.ToAsync(context, SecurityPages.Path)).NeedsSession();
        }

        app.MapPost("/users/{id}/second-factor/remove", RemoveAsync).IsPageFor(ManagementApi.CredentialsWrite).IsForm();
    }

    private static Task StartAsync(HttpContext context, EnrolSecondFactor enrol) =>
        FreshAsync(
            context,
            SecurityPages.Path,
            async () => await ShowEnrolmentAsync(context, await enrol.StartAsync(SessionCaller.Required(context)))
        );

    private static Task ConfirmAsync(HttpContext context, PageForm form, EnrolSecondFactor enrol) =>
        FreshAsync(
            context,
            SecurityPages.Path,
            async () =>
            {
                var caller = SessionCaller.Required(context);
                var error = new SignInFault(Wrong);
                try
                {
                    if (await enrol.ConfirmAsync(caller, form.AsTyped("code")) is { } codes)
                    {
                        await SignInAnswer.PageAsync<RecoveryCodesPage>(context, new SignInView(context) { RecoveryCodes = codes });
                        return;
                    }
                }
                catch (ProblemException refused) when (refused.Code == ProblemCode.TooManyRequests)
                {
                    error = new SignInFault(refused);
                }

                if (await enrol.ShowAsync(caller) is { } enrolment)
                {
                    await ShowEnrolmentAsync(context, enrolment, error);
                }
                else
                {
                    await Redirect.ToAsync(context, SecurityPages.Path); // nothing waits for a first code
                }
            }
        );

    private static Task ReplaceCodesAsync(HttpContext context, OwnSecondFactor factor) =>
        FreshAsync(
            context,
            SecurityPages.Path,
            async () =>
            {
                if (await factor.ReplaceRecoveryCodesAsync(SessionCaller.Required(context)) is { } codes)
                {
                    await SignInAnswer.PageAsync<RecoveryCodesPage>(context, new SignInView(context) { RecoveryCodes = codes });
                }
                else
                {
                    await Redirect.ToAsync(context, SecurityPages.Path);
                }
            }
        );

    private static Task TurnOffAsync(HttpContext context, OwnSecondFactor factor) =>
        FreshAsync(
            context,
            SecurityPages.Path,
            async () =>
            {
                await factor.TurnOffAsync(SessionCaller.Required(context));
                await Redirect.ToAsync(context, SecurityPages.Path);
            }
        );

    private static Task RemoveAsync(string id, HttpContext context, RemoveSecondFactor remove) =>
        FreshAsync(
            context,
            $"/users/{Uri.EscapeDataString(id)}",
            async () =>
            {
                await remove.RunAsync(SessionCaller.Required(context), id);
                await Redirect.ToAsync(context, LocalPath.Or($"/users/{id}", "/users"));
            }
        );

    private static Task ShowEnrolmentAsync(HttpContext context, SecondFactorEnrolment enrolment, SignInFault? error = null) =>
        SignInAnswer.PageAsync<EnrolPage>(context, new SignInView(context) { Enrolment = enrolment, Error = error });

    private static async Task FreshAsync(HttpContext context, string page, Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (ProblemException refused) when (refused.Code == ProblemCode.FreshAuthenticationRequired)
        {
            await FreshAuthentication.Before(page).ExecuteAsync(context);
        }
    }
}
