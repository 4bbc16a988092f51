using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>
/// <c>none</c> (RFC 6749 §2.1): a client that says who it is and proves nothing, where the application is registered as one. Any other application may do so only
/// to exchange an API key of its own, which proves as much as it is good for.
/// </summary>
public sealed class PublicClient(OpaqueCredentialScheme opaque, PrincipalCache principals)
{
    /// <summary>In the audit: the client may not authenticate in this way.</summary>
    public static readonly AuditReason MethodNotAllowed = new("auth_method_not_allowed");

    /// <param name="form">The parameters.</param>
    /// <param name="exchanges">Whether this is a token exchange, in which a subject token may be the client's own.</param>
    public static PresentedClient Read(FormParameters form, bool exchanges) =>
        form["client_id"] is { } id
            ? new PresentedClient(ClientAuthenticationMethod.None, id, exchanges ? form["subject_token"] : null)
            : default;

    public async ValueTask<AuthenticationResult> AuthenticateAsync(PresentedClient presented)
    {
        var clientId = presented.ClientId!;
        if (await principals.ClientAsync(clientId) is not { } client)
        {
            return AuthenticationFailure.Of(VerificationCode.Unknown);
        }

        if (client.Client.IsPublic)
        {
            return NamedApplication.Judge(client);
        }

        return
            client.Client.Methods is null
            && presented.Proof is { } key
            && await opaque.AuthenticateAsync(key) is { Kind: CredentialKind.ApiKey } own
            && own.OwnerId == clientId
            ? own
            : AuthenticationFailure.Of(MethodNotAllowed);
    }
}
