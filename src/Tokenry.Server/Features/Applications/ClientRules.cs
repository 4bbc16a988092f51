using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Principals;

namespace Tokenry.Server.Features.Applications;

/// <summary>What an application may be set to as an OAuth client.</summary>
public static class ClientRules
{
    private static readonly string[] Methods =
    [
        ClientAuthenticationMethod.TlsClientAuth,
        ClientAuthenticationMethod.SelfSignedTlsClientAuth,
        ClientAuthenticationMethod.PrivateKeyJwt,
        ClientAuthenticationMethod.ClientSecretBasic,
        ClientAuthenticationMethod.ClientSecretPost,
    ];

    public static ClientSettings Of(ApplicationRequest request) =>
        new()
        {
            Methods = request.TokenEndpointAuthMethods,
            AcceptsUntypedAssertions = request.AcceptsUntypedAssertions ?? false,
            DpopBound = request.DpopBoundAccessTokens ?? false,
            CertificateBound = request.TlsClientCertificateBoundAccessTokens ?? false,
        };

    public static ClientSettings Revised(ClientSettings old, ApplicationPatch patch) =>
        new()
        {
            Methods = patch.TokenEndpointAuthMethods.Or(old.Methods),
            AcceptsUntypedAssertions = patch.AcceptsUntypedAssertions.Or(old.AcceptsUntypedAssertions) ?? false,
            DpopBound = patch.DpopBoundAccessTokens.Or(old.DpopBound) ?? false,
            CertificateBound = patch.TlsClientCertificateBoundAccessTokens.Or(old.CertificateBound) ?? false,
        };

    public static void Check(Validation check, ClientSettings settings)
    {
        if (settings.Methods is not { } methods)
        {
            return;
        }

        const string member = "token_endpoint_auth_methods";
        check.Require(methods.Count > 0, member, "needs at least one; null means whatever the application has credentials for");
        check.Require(methods.Distinct(StringComparer.Ordinal).Count() == methods.Count, member, "names one twice");
        foreach (var method in methods.Take(Methods.Length + 1))
        {
            check.Require(Methods.Contains(method), member, $"'{Validation.Shown(method)}' is not one of {string.Join(", ", Methods)}");
        }
    }
}
