using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// A person who is signed in. The session has all the rights that its user has now, management rights included; a person who acts in an organization has those
/// there. It bounds nothing that the person makes: a token lives longer than the session it was made in.
/// </summary>
public sealed class AuthenticatedSession : Authenticated
{
    internal AuthenticatedSession(SessionFacts session, PrincipalFacts user)
        : base(user) => Session = session;

    public SessionFacts Session { get; }

    public override string Kind => "session";

    /// <summary>The public id of the session, so that the audit names it.</summary>
    public override string CredentialId => Session.Id;

    public override ScopeSet NamedAt(ApiResourceFacts api) => api.Scopes;

    internal override Authenticated? Acting(PrincipalFacts owner) =>
        OrganizationId is null ? new AuthenticatedSession(Session, owner) : null;
}
