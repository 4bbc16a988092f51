using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Sessions;

/// <summary>What a form of a page does: the change, then the page again. If the operation refuses, the page says why, beside what the person entered.</summary>
public static class PageChange
{
    /// <param name="page">The address of the page to open afterwards, below the base.</param>
    /// <param name="change">The operation.</param>
    /// <param name="refused">The page with the refusal.</param>
    public static async Task<IResult> RunAsync(string page, Func<Task> change, Func<ProblemException, Task<IResult>> refused)
    {
        try
        {
            await change();
            return new Redirect(page);
        }
        catch (ProblemException problem) when (problem.Code == ProblemCode.FreshAuthenticationRequired)
        {
            return FreshAuthentication.Before("/" + page);
        }
        catch (ProblemException problem) when (problem is { IsForForm: true, MissingScopes: null })
        {
            return await refused(problem);
        }
    }
}
