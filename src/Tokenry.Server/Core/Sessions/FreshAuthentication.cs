using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Step-up: what cannot be undone, and what shows a secret, needs a person who proved who they are a short time ago. A caller with a credential other than a
/// session has none of this to show, and needs none: the credential is the proof.
/// </summary>
public sealed class FreshAuthentication(TimeProvider time)
{
    /// <summary>How long a proof counts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>The page where the person confirms the password or uses a passkey.</summary>
    public const string Path = "/sign-in/confirm";

    /// <summary>Leads to that page, and from there on to another one.</summary>
    /// <param name="next">The path of the other page, from the root.</param>
    public static Redirect Before(string next) => new($"{Path[1..]}?return={Uri.EscapeDataString(next)}");

    public bool Has(Caller caller) =>
        SessionCaller.SessionOf(caller) is not { } session
        || time.GetUtcNow().ToUnixTimeMilliseconds() - session.AuthenticatedAt < (long)Lifetime.TotalMilliseconds;

    /// <exception cref="ProblemException">403: the person must prove again who they are. A page then leads to <c>/sign-in/confirm</c>.</exception>
    public void Require(Caller caller)
    {
        if (!Has(caller))
        {
            throw new ProblemException(
                403,
                ProblemCode.FreshAuthenticationRequired,
                $"You proved who you are more than {Lifetime.TotalMinutes} minutes ago. Confirm that it is you, then try again."
            );
        }
    }
}
