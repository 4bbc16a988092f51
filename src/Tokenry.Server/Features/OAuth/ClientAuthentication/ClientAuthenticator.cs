using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Limits;
using Tokenry.Server.Foundation.Usage;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>
/// Authenticates the client of a form endpoint (RFC 6749 §2.3): exactly one method, and one answer for every way to fail. Metadata
/// advertises <see cref="Methods"/>, which is what is accepted here.
/// </summary>
public sealed class ClientAuthenticator(OpaqueCredentialScheme opaque, UseRecorder recorder, FailureThrottle throttle)
{
    public static readonly IReadOnlyList<string> Methods = [ClientSecretBasic.Name, ClientSecretPost.Name];

    /// <summary>The client as a caller without management rights; its principal is the application.</summary>
    /// <exception cref="OAuthError">400 for two methods at once, 401 for everything else.</exception>
    public async ValueTask<Caller> AuthenticateAsync(HttpContext context, FormParameters form)
    {
        var request = RequestFacts.Of(context);
        var presented = Read(context.Request.Headers, form);
        var failed = Authenticated.Failed(VerificationCode.Malformed);
        if (presented is { ClientId: { } clientId, Secret: { } secret })
        {
            var authenticated = await opaque.AuthenticateAsync(secret);
            if (
                authenticated is { IsGood: true, Kind: CredentialKind.ClientSecret, Owner: { } application }
                && application.Id == clientId
                && IsAddressAllowed(authenticated, request)
            )
            {
                recorder.Used(authenticated, UseCircumstances.Of(request));
                return new Caller
                {
                    Credential = authenticated,
                    Principal = application,
                    Management = ScopeSet.Empty,
                    Request = request,
                };
            }

            failed = authenticated;
        }

        recorder.Decided(Denial(failed, request));
        throw throttle.IsTooMany(presented.ClientId ?? "", request.Address) ? OAuthError.TooManyFailures() : OAuthError.InvalidClient();
    }

    /// <summary>A secret that is good in itself was refused for its kind, its client or the address.</summary>
    private static Use Denial(Authenticated failed, RequestFacts request) =>
        new()
        {
            Door = Doors.ClientAuthentication,
            Code =
                !failed.IsGood ? failed.Code
                : failed.Kind != CredentialKind.ClientSecret ? VerificationCode.CredentialKindNotAccepted
                : IsAddressAllowed(failed, request) ? VerificationCode.Unknown
                : VerificationCode.IpNotAllowed,
            Credential = failed,
            From = UseCircumstances.Of(request),
            Method = request.Method,
            Path = request.Path,
        };

    private static PresentedClient Read(IHeaderDictionary headers, FormParameters form)
    {
        var carrier = Carrier.Of(headers);
        if (carrier.IsAmbiguous)
        {
            throw OAuthError.InvalidRequest("two credentials in one request");
        }

        var basic = ClientSecretBasic.Read(headers);
        var post = ClientSecretPost.Read(form);
        var assertion = form["client_assertion"] is not null;
        // Another scheme in the header is a second credential as well, whatever it would be good for.
        if ((carrier.Presented is not null ? 1 : 0) + (post.IsRequested ? 1 : 0) + (assertion ? 1 : 0) > 1)
        {
            throw OAuthError.InvalidRequest("more than one way of client authentication");
        }

        if (assertion && form["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        {
            throw OAuthError.InvalidRequest("client_assertion_type is missing or not known");
        }

        if (basic is { ClientId: { } id } && form["client_id"] is { } inBody && inBody != id)
        {
            throw OAuthError.InvalidRequest("client_id differs from the authenticated client");
        }

        return basic.IsRequested ? basic : post;
    }

    private static bool IsAddressAllowed(Authenticated authenticated, RequestFacts request) =>
        authenticated.Credential!.AllowedIps is not { } ranges
        || (request.Address is { } address && ranges.Any(range => range.Contains(address)));
}
