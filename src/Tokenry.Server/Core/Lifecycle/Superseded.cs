using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// While two secrets, keys or certificates work during an overlap, only the newer one may renew the credential. Otherwise a thief of the older one could end
/// the newer one. An attempt with the older one raises a signal.
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

    /// <summary>Runs a renewal, and raises a signal if it was refused for this reason.</summary>
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
