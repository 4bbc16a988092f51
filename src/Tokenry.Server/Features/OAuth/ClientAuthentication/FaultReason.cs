using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>Converts a validator's fault to the audit's word, such as <c>assertion_wrong_audience</c> for <c>WrongAudience</c> of an assertion.</summary>
internal static class FaultReason
{
    private const string Malformed = "Malformed";

    /// <param name="what">The validated object; the word begins with it.</param>
    /// <param name="fault">A fault. <c>Malformed</c> gives the same word for every object.</param>
    public static string Of<TFault>(string what, TFault fault)
        where TFault : struct, Enum =>
        fault.ToString() is not Malformed and var name
            ? $"{what}_{JsonNamingPolicy.SnakeCaseLower.ConvertName(name)}"
            : VerificationCode.Malformed;
}
