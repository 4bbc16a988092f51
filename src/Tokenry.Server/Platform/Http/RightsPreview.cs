using System.Globalization;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>Marks a route that accepts <c>dry_run</c>, because its change can give rights to existing credentials or take them away.</summary>
public sealed record RouteChangesRights;

/// <summary>What a request asks about the effect of its change before it is made.</summary>
/// <param name="IsDryRun">Whether the request only asks for the effect.</param>
/// <param name="ExpectedGains">The number of gains that the change must have.</param>
public sealed record RightsPreview(bool IsDryRun, long ExpectedGains)
{
    /// <summary>The query parameter.</summary>
    public const string DryRun = "dry_run";

    /// <summary>The header.</summary>
    public const string ExpectGains = "Tokenry-Expect-Gains";

    /// <summary>Reads the parameters of a request; <c>null</c> if it has none.</summary>
    /// <exception cref="ProblemException">400 if they are not valid, 428 if this server requires them and they are missing.</exception>
    public static RightsPreview? Of(HttpContext context, bool isDemanded)
    {
        var asked = context.Request.Query[DryRun];
        var isDryRun = asked.Count switch
        {
            0 => false,
            1 when asked[0] is "true" or "false" => asked[0] == "true",
            _ => throw ProblemException.Invalid(DryRun, "must be true or false, and appear once"),
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
                    $"This server requires {ExpectGains} with every change of rights. Send the change with ?{DryRun}=true, check gains, and send it again "
                        + $"with {ExpectGains}: <gains.count>."
                );
        }

        return expected.Count == 1 && long.TryParse(expected[0], NumberStyles.None, CultureInfo.InvariantCulture, out var gains)
            ? new RightsPreview(IsDryRun: false, gains)
            : throw ProblemException.Invalid(ExpectGains, "must be a whole number, and appear once");
    }
}
