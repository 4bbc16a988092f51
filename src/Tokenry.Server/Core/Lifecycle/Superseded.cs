using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Of two secrets, keys or certificates that both work for an overlap, only the newer renews the credential: else whoever stole the older would end the newer
/// with it. One that tries raises a signal.
/// </summary>
internal static class Superseded
{
    public static ProblemException Secret() =>
        Refusal(
            "This secret was replaced by a rotation. Rotate with the newest one, or repeat a rotation whose answer was lost with its Idempotency-Key."
        );

    public static ProblemException Registered() =>
        Refusal(
            "This credential was replaced by another. Renew that one, or repeat a renewal whose answer was lost with its Idempotency-Key."
        );

    /// <summary>Runs a renewal, and tells of one that was refused for this.</summary>
    public static async Task<T> WatchAsync<T>(Signals signals, Caller caller, Func<Task<T>> renewal)
    {
        try
        {
            return await renewal();
        }
        catch (ProblemException problem) when (problem.Code == ProblemCode.SecretSuperseded)
        {
            signals.Raise(Signals.SupersededRenewal, caller.CredentialId, caller.Principal.Id, UseCircumstances.Of(caller.Request));
            throw;
        }
    }

    private static ProblemException Refusal(string detail) => new(409, ProblemCode.SecretSuperseded, detail);
}
