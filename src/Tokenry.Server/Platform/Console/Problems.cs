using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Console;

/// <summary>An error as a page: what is missing, who can help, and the id under which the log has it.</summary>
internal static class Problems
{
    public static async Task WriteAsync(HttpContext context, ProblemException problem)
    {
        var content = new PageContent(
            typeof(Parts.ProblemPage),
            problem.Status switch
            {
                403 => "problem.refused",
                404 => "problem.not_found",
                503 or 429 => "problem.busy",
                >= 500 => "problem.failed",
                _ => "problem.invalid",
            },
            [],
            new Dictionary<string, object?>
            {
                [nameof(Parts.ProblemPage.Problem)] = problem,
                [nameof(Parts.ProblemPage.RequestId)] = RequestFacts.Of(context).RequestId,
            }
        );
        await PageWriter.WriteAsync(context, content, problem.Status);
    }
}
