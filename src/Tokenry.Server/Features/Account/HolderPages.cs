using System.Globalization;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Account;

/// <summary>
/// <c>/k</c>: what a person who holds a credential and has no account may know and do. The credential comes in a form each time; no page shows it again and no
/// address has it.
/// </summary>
internal static class HolderPages
{
    private const string Title = "holder.title";
    private const int DefaultOverlap = 86_400;

    public static IServiceCollection AddHolderPages(this IServiceCollection services) => services.AddSingleton<Holder>();

    public static void MapHolderPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("/k").ExcludeFromDescription();
        pages.MapGet("", IResult () => new View<HolderPage>(Title)).IsDoor().IsPage(); // a credential follows
        pages.MapPost("", ShowAsync).IsDoor().IsPage().IsForm();
        pages.MapPost("/roll", RollAsync).IsDoor().IsPage().IsForm();
        pages.MapPost("/revoke", RevokeAsync).IsDoor().IsPage().IsForm();
    }

    private static async Task<IResult> ShowAsync(HttpContext http, PageForm form, Holder holder, DescribeMe describe)
    {
        var (caller, fault) = await holder.FindAsync(http, form);
        return caller is null
            ? Refused(fault!)
            : new View<HolderPage>(Title)
            {
                ["Me"] = await describe.RunAsync(caller),
                ["MayManage"] = Holder.MayManage(caller),
                ["Once"] = CredentialPages.Once(),
            };
    }

    private static async Task<IResult> RollAsync(HttpContext http, PageForm form, Holder holder)
    {
        var (caller, fault) = await holder.FindAsync(http, form);
        if (caller is null)
        {
            return Refused(fault!);
        }

        try
        {
            var overlap = int.TryParse(form["overlap"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? seconds
                : DefaultOverlap;
            return new View<HolderRolledPage>("roll.done") { ["Credential"] = await holder.RollAsync(caller, overlap) };
        }
        catch (ProblemException problem) when (problem.Status is 400 or 403 or 409 or 422)
        {
            return Refused(problem);
        }
    }

    private static async Task<IResult> RevokeAsync(HttpContext http, PageForm form, Holder holder)
    {
        var (caller, fault) = await holder.FindAsync(http, form);
        if (caller is null)
        {
            return Refused(fault!);
        }

        try
        {
            await holder.RevokeAsync(caller);
            return new View<HolderPage>(Title) { ["IsRevoked"] = true };
        }
        catch (ProblemException problem) when (problem.Status is 400 or 403 or 409)
        {
            return Refused(problem);
        }
    }

    private static View<HolderPage> Refused(ProblemException problem) => new(Title) { Status = problem.Status, ["Refusal"] = problem };
}
