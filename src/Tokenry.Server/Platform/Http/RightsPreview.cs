using System.Globalization;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>Marks a route whose change can give rights to credentials that exist, or take them: it knows <c>dry_run</c>.</summary>
public sealed record RouteChangesRights;

/// <summary>What a request asks about the effect of its change before it is made.</summary>
/// <param name="IsDryRun">Only to be told.</param>
/// <param name="ExpectedGains">How many gains there must be for the change to be made.</param>
public sealed record RightsPreview(bool IsDryRun, long ExpectedGains)
{
    /// <summary>The query parameter.</summary>
    public const string DryRun = "dry_run";

    /// <summary>The header.</summary>
    public const string ExpectGains = "Tokenry-Expect-Gains";

    /// <summary>Reads what a request asks; <c>null</c> = nothing.</summary>
    /// <exception cref="ProblemException">400 where it makes no sense, 428 where this server demands it and it is missing.</exception>
    public static RightsPreview? Of(HttpContext context, bool isDemanded)
    {
        var asked = context.Request.Query[DryRun];
        var isDryRun = asked.Count switch
        {
            0 => false,
            1 when asked[0] is "true" or "false" => asked[0] == "true",
            _ => throw ProblemException.Invalid(DryRun, "must be true or false, once"),
        };
        var expected = context.Request.Headers[ExpectGains];
        if (isDryRun)
        {
            return new RightsPreview(IsDryRun: true, 0);
        }

        if (expected.Count == 0)
        {
            return !isDemanded
                ? null
                : throw new ProblemException(
                    428,
                    ProblemCode.ExpectGainsRequired,
                    $"This server wants to be told how many gains a change of rights has: send it with ?{DryRun}=true, look at gains, and send it again "
                        + $"with {ExpectGains}: <gains.count>."
                );
        }

        return expected.Count == 1 && long.TryParse(expected[0], NumberStyles.None, CultureInfo.InvariantCulture, out var gains)
            ? new RightsPreview(IsDryRun: false, gains)
            : throw ProblemException.Invalid(ExpectGains, "must be a whole number, once");
    }
}
