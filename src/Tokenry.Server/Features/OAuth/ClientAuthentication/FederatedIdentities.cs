using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>
/// Another issuer's token in place of a secret: as <c>client_assertion</c> (RFC 7523 §2.2), or as the subject token of an exchange (RFC 8693). The client
/// names its application, and one of that application's federated identities must trust the token.
/// </summary>
public sealed class FederatedIdentities(
    ClientKeyCache clientKeys,
    PrincipalCache principals,
    IssuerKeys issuerKeys,
    TokenryOptions options,
    TimeProvider time
) : IClientAuthenticationMethod
{
    private readonly FederatedTokenValidator validator = new(time);

    /// <summary>Empty: on the wire an assertion of another issuer looks like any other assertion.</summary>
    public IReadOnlyList<string> Names => [];

    /// <summary>The subject token of an exchange; <see cref="PrivateKeyJwt"/> reads assertions.</summary>
    public CredentialPlace Place => CredentialPlace.Elsewhere;

    /// <summary>
    /// Whether the issuer of the assertion is a URL, and so not the client: an application's own assertion has the application's id as issuer (RFC 7523
    /// §3).
    /// </summary>
    public static bool IsFromAnotherIssuer(string assertion) =>
        FederatedTokenValidator.TryReadIssuer(assertion, out var issuer, out _) && issuer.StartsWith("https://", StringComparison.Ordinal);

    /// <summary>A subject token that authenticates the application it represents, so that the request needs no other credential.</summary>
    public PresentedClient Read(in ClientRequest request)
    {
        var form = request.Form;
        return
            request.TakesSubject
            && form["client_id"] is { } clientId
            && TokenType.IsFederated(form["subject_token_type"])
            && form["subject_token"] is { } token
            ? new PresentedClient(ClientAuthenticationMethod.FederatedIdentity, clientId, token) { IsSubjectToken = true }
            : default;
    }

    public async ValueTask<ProvedClient> AuthenticateAsync(PresentedClient presented) =>
        new(await AuthenticateAsync(presented.ClientId!, presented.Proof!)) { IsSubjectToken = presented.IsSubjectToken };

    /// <summary>Whether the token represents that application.</summary>
    public async ValueTask<AuthenticationResult> AuthenticateAsync(string clientId, string token)
    {
        if (!FederatedTokenValidator.TryReadIssuer(token, out var issuer, out var keyId))
        {
            return AuthenticationFailure.Of(VerificationCode.Malformed);
        }

        if (await principals.ClientAsync(clientId) is not { } owner)
        {
            return AuthenticationFailure.Of(VerificationCode.Unknown);
        }

        AuthenticationResult? notGood = null;
        var furthest = FederatedTokenFault.None;
        foreach (var identity in await clientKeys.WhereAsync(clientId, CredentialKind.FederatedIdentity, _ => true))
        {
            var rule = identity.Federated!;
            if (rule.Trust.Issuer != issuer)
            {
                continue;
            }

            var keys = rule.Keys ?? await issuerKeys.GetAsync(rule.KeysUri!, keyId);
            var result = validator.Validate(token, rule.Trust, id => keys?.FindAll(id) ?? []);
            if (!result.IsValid)
            {
                furthest = result.Fault > furthest ? result.Fault : furthest;
                continue;
            }

            var found =
                result.Token.MayAct?.Is(clientId, options.Issuer) == false
                    ? AuthenticationFailure.Of(new AuditReason("federated_other_actor"))
                    : AuthenticatedCredential.Judge(
                        identity,
                        owner,
                        time.GetUtcNow(),
                        new CredentialProof { Until = result.Token.ExpiresAt }
                    );
            if (found.IsGood)
            {
                return found;
            }

            notGood = found;
        }

        return notGood ?? AuthenticationFailure.Of(Reason(furthest));
    }

    /// <summary>For the audit; the client gets the same answer for all of them.</summary>
    internal static AuditReason Reason(FederatedTokenFault fault) => new(NameOf(fault));

    private static string NameOf(FederatedTokenFault fault) =>
        fault switch
        {
            FederatedTokenFault.None => "federated_unknown_issuer",
            FederatedTokenFault.WrongIssuer => VerificationCode.Malformed,
            _ => FaultReason.Of("federated", fault),
        };
}
