using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary><c>/account/security</c>: where a person is signed in, and their password.</summary>
public static class SecurityPages
{
    public const string Path = "/account/security";

    private const string NotTheSame = "The two new passwords are not the same.";
    private const string WrongPassword = "The password until now is wrong.";

    public static void MapSecurityPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup(Path).ExcludeFromDescription();
        pages.MapGet("", (HttpContext context) => ShowAsync(context)).NeedsSession();
        pages.MapPost("/password", ChangePasswordAsync).NeedsSession().IsForm();
        pages.MapPost("/sessions/end", EndAsync).NeedsSession().IsForm();
        pages.MapPost("/sessions/end-others", EndOthersAsync).NeedsSession().IsForm();
    }

    private static async Task ShowAsync(HttpContext context, string? error = null, int status = StatusCodes.Status200OK)
    {
        var caller = SessionCaller.Required(context);
        var list = context.RequestServices.GetRequiredService<ListSessions>();
        var sessions = await list.RunAsync(caller, userId: null, (await Listing.BindAsync(context, parameter: null!))!);
        await SignInAnswer.PageAsync<SecurityPage>(
            context,
            new SignInView(context)
            {
                Error = error,
                Name = caller.Principal.Name,
                Sessions = sessions.Items,
            },
            status
        );
    }

    private static async Task ChangePasswordAsync(HttpContext context, PageForm form, ChangePassword change)
    {
        var password = form.AsTyped("password");
        if (password != form.AsTyped("again"))
        {
            await ShowAsync(context, NotTheSame, StatusCodes.Status422UnprocessableEntity);
            return;
        }

        var old = form.AsTyped("old") is { Length: > 0 } typed ? typed : null;
        var refusal = await SignInAnswer.TryAsync(
            context,
            () => change.RunAsync(SessionCaller.Required(context), old, password),
            Path,
            WrongPassword
        );
        if (refusal is var (error, status))
        {
            await ShowAsync(context, error, status);
        }
    }

    private static async Task EndAsync(HttpContext context, PageForm form, EndSession end)
    {
        await end.RunAsync(SessionCaller.Required(context), form["id"] ?? "");
        await Redirect.ToAsync(context, Path);
    }

    private static async Task EndOthersAsync(HttpContext context, EndSessions end)
    {
        await end.RunAsync(SessionCaller.Required(context), userId: null);
        await Redirect.ToAsync(context, Path);
    }
}
