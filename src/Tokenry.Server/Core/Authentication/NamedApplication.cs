using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Authentication;

/// <summary>An application that only names itself: no credential, no rights (a public client).</summary>
public sealed class NamedApplication : Authenticated
{
    private NamedApplication(PrincipalFacts application)
        : base(application) { }

    /// <param name="application">The application as it is now; <c>null</c> = deleted.</param>
    public static AuthenticationResult Judge(PrincipalFacts? application) =>
        application is null ? AuthenticationFailure.Of(VerificationCode.OwnerDisabled)
        : application.Active ? new NamedApplication(application)
        : AuthenticationFailure.Of(VerificationCode.OwnerDisabled, application);
}
