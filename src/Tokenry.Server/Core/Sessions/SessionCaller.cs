using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;

namespace Tokenry.Server.Core.Sessions;

/// <summary>The person who is signed in, as the caller of the operations behind a page.</summary>
public static class SessionCaller
{
    /// <summary>The caller of a page; <c>null</c> = not signed in. A bearer credential of the same request has no influence.</summary>
    public static Caller? Of(HttpContext context) => (Caller?)context.Features[typeof(SessionCaller)];

    /// <summary>The caller of a page that needs one (<c>NeedsSession</c>).</summary>
    public static Caller Required(HttpContext context) =>
        Of(context) ?? throw new InvalidOperationException("The route does not need a session, so it may have no caller.");

    /// <summary>The session of that caller; <c>null</c> for a caller with another credential.</summary>
    public static SessionFacts? SessionOf(Caller caller) => (caller.Credential as AuthenticatedSession)?.Session;

    internal static void Set(HttpContext context, Caller caller) => context.Features[typeof(SessionCaller)] = caller;
}
