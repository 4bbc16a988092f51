using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>
/// Authenticates the client of a form endpoint (RFC 6749 §2.3) by exactly one of the registered methods. Every failure gets the same answer.
/// </summary>
public sealed class ClientAuthenticator(IEnumerable<IClientAuthenticationMethod> methods, UseRecorder recorder, FailureThrottle throttle)
{
    /// <summary>For the audit: the application does not list the method that the client used.</summary>
    public static readonly AuditReason MethodNotAllowed = new("auth_method_not_allowed");

    private readonly IClientAuthenticationMethod[] methods = [.. methods];

    /// <summary>The client as a caller without management rights; its principal is the application.</summary>
    /// <param name="context">The request.</param>
    /// <param name="form">Its parameters.</param>
    /// <param name="takesPublic">Whether the endpoint is open to public clients.</param>
    /// <param name="takesSubject">Whether the subject token may authenticate the client: only at the token endpoint, for a grant that has one.</param>
    /// <exception cref="OAuthError">400 for two methods at once, 401 for everything else.</exception>
    public async ValueTask<Caller> AuthenticateAsync(
        HttpContext context,
        FormParameters form,
        bool takesPublic = false,
        bool takesSubject = false
    )
    {
        var request = RequestFacts.Of(context);
        var presented = Read(
            new ClientRequest(context.Request.Headers, form, ClientCertificate.Of(context))
            {
                TakesPublic = takesPublic,
                TakesSubject = takesSubject,
            }
        );
        var method = presented.CheckedBy;
        var proved = method is null ? new ProvedClient(NotRequested.Instance) : await method.AuthenticateAsync(presented);
        var name = proved.Method ?? presented.Method;
        var reason = Judge(presented, proved.Found, method, name, request);
        // The last step: an attempt that fails must not use up the assertion.
        if (reason == AuditReason.Valid && !await method!.ClaimAsync(proved))
        {
            reason = AuditReason.Of(VerificationCode.ProofReplayed);
        }

        if (reason == AuditReason.Valid && proved.Found is Authenticated client)
        {
            recorder.Used(client, UseCircumstances.Of(request));
            return new Caller
            {
                Credential = client,
                Principal = client.Owner,
                Management = ScopeSet.Empty,
                Request = request,
                AuthMethod = name,
            };
        }

        recorder.Decided(
            new Use
            {
                Door = DoorNames.ClientAuthentication,
                Result = reason,
                Credential = proved.Found,
                From = UseCircumstances.Of(request),
                Method = request.Method,
                Path = request.Path,
            }
        );
        throw throttle.IsTooMany(presented.ClientId ?? "", request.Address) ? OAuthError.TooManyFailures()
        // RFC 8693 §2.2.2: a subject token that is not valid makes the request invalid, not the client.
        : proved.IsSubjectToken ? OAuthError.SubjectTokenNotAcceptable()
        : OAuthError.InvalidClient(Hint(proved.Found));
    }

    /// <summary>A hint for a client that holds the right secret or key; other senders do not get it.</summary>
    private static string? Hint(AuthenticationResult found) =>
        (found as AuthenticationFailure)?.Hint
        ?? (found.Code == VerificationCode.Expired ? "the credential has expired: renew it, or use the one that follows it" : null);

    /// <summary>Rejects a valid credential of another kind or client, or from a method or address that is not allowed.</summary>
    private static AuditReason Judge(
        PresentedClient presented,
        AuthenticationResult result,
        IClientAuthenticationMethod? method,
        string? name,
        RequestFacts request
    ) =>
        result is not Authenticated found ? result.Reason
        : !method!.Accepts(found.Kind) ? AuditReason.Of(VerificationCode.CredentialKindNotAccepted)
        : presented.ClientId is { } claimed && found.OwnerId != claimed ? AuditReason.Of(VerificationCode.Unknown)
        : !found.Owner.Client.Takes(name!) ? MethodNotAllowed
        : !AccessDecision.IsAddressAllowed(found, request.Address) ? AuditReason.Of(VerificationCode.IpNotAllowed)
        : AuditReason.Valid;

    /// <summary>Reads the presented credential and finds the method that checks it.</summary>
    private PresentedClient Read(in ClientRequest request)
    {
        var carrier = Carrier.Of(request.Headers);
        if (carrier.IsAmbiguous)
        {
            throw OAuthError.InvalidRequest("two credentials in one request");
        }

        // A header with another scheme is a credential too, even if no method reads it.
        var credentials = carrier.Presented is null ? 0 : 1;
        PresentedClient presented = default;
        foreach (var method in methods)
        {
            if (method.Place != CredentialPlace.Elsewhere && Read(method, request) is { IsRequested: true } read)
            {
                credentials += method.Place == CredentialPlace.Form ? 1 : 0;
                presented = read;
            }
        }

        if (credentials > 1)
        {
            throw OAuthError.InvalidRequest("more than one way of client authentication");
        }

        if (presented.ClientId is { } id && request.Form["client_id"] is { } inBody && inBody != id)
        {
            throw OAuthError.InvalidRequest("client_id differs from the authenticated client");
        }

        // A certificate beside another credential binds the token and does not authenticate the client.
        return credentials > 0 ? presented : ReadElsewhere(request);
    }

    private PresentedClient ReadElsewhere(in ClientRequest request)
    {
        foreach (var method in methods)
        {
            if (method.Place == CredentialPlace.Elsewhere && Read(method, request) is { IsRequested: true } read)
            {
                return read;
            }
        }

        return default;
    }

    private static PresentedClient Read(IClientAuthenticationMethod method, in ClientRequest request)
    {
        var read = method.Read(request);
        return read.CheckedBy is null ? read with { CheckedBy = method } : read;
    }
}
