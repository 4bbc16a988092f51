using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>
/// <c>private_key_jwt</c> (RFC 7523 §2.2): an assertion that is valid for one request. The client signs it with a key whose public half the application
/// registered.
/// </summary>
public sealed class PrivateKeyJwt(
    ClientKeyCache clientKeys,
    PrincipalCache principals,
    FederatedIdentities federatedIdentities,
    Database database,
    TokenryOptions options,
    TimeProvider time
) : IClientAuthenticationMethod
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private const string Remedy =
        "; change the client, or set assertions to compatible on the application, which takes what client libraries send by default";

    /// <summary>The kind of these ids in <see cref="SingleUse"/>.</summary>
    private const string UseKind = "client_assertion";

    private static readonly ClientAssertionRules Untyped = new() { TakesPlainType = true };

    private readonly ClientAssertionValidator validator = new(options.Issuer, time);

    /// <summary>The default of client libraries.</summary>
    private readonly ClientAssertionRules compatible = new()
    {
        TakesPlainType = true,
        OtherAudiences =
        [
            .. new[] { options.Issuer, PublicAddress.ForCertificates(options) }
                .OfType<string>()
                .SelectMany(address => Endpoints.Select(endpoint => address + endpoint)),
        ],
        LongestLife = TimeSpan.FromHours(1) + ClientAssertionValidator.ClockSkew,
    };

    /// <summary>The endpoints that accept assertions, and so the audiences that an assertion may name.</summary>
    private static readonly string[] Endpoints = ["/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/renew"];

    public IReadOnlyList<string> Names { get; } = [ClientAuthenticationMethod.PrivateKeyJwt];

    public CredentialPlace Place => CredentialPlace.Form;

    public IReadOnlyList<string> SigningAlgorithms => JwsAlgorithms.All;

    /// <summary>The assertion of the form. If another issuer signed it, a federated identity checks it.</summary>
    /// <exception cref="OAuthError">400 if the assertion has another type, or the form has the type without an assertion.</exception>
    public PresentedClient Read(in ClientRequest request)
    {
        var form = request.Form;
        var assertion = form["client_assertion"];
        var type = form["client_assertion_type"];
        if ((assertion ?? type) is null)
        {
            return default;
        }

        if (assertion is null || type != AssertionType)
        {
            throw OAuthError.InvalidRequest("client_assertion and its client_assertion_type go together; the type is missing or not known");
        }

        // If the form names no client, use the one the assertion claims: failures are slowed per client, so that one client's failures do not slow others.
        var clientId = form["client_id"] ?? (ClientAssertionValidator.TryReadClient(assertion, out var claimed) ? claimed : null);
        return clientId is not null && FederatedIdentities.IsFromAnotherIssuer(assertion)
            ? new PresentedClient(ClientAuthenticationMethod.FederatedIdentity, clientId, assertion) { CheckedBy = federatedIdentities }
            : new PresentedClient(ClientAuthenticationMethod.PrivateKeyJwt, clientId, assertion);
    }

    /// <summary>Finds the client of the assertion and checks it. <see cref="ClaimAsync(ProvedClient)"/> checks later whether it was used before.</summary>
    public async ValueTask<ProvedClient> AuthenticateAsync(PresentedClient presented)
    {
        var assertion = presented.Proof!;
        if (presented.ClientId is not { } clientId)
        {
            return ProvedClient.Malformed;
        }

        if (await principals.ClientAsync(clientId) is not { } owner)
        {
            return new(AuthenticationFailure.Of(VerificationCode.Unknown));
        }

        var key = await FindKeyAsync(clientId, assertion);
        Func<string?, VerificationKey?> findKey = _ => key?.PublicKey;
        var result = validator.Validate(assertion, clientId, RulesOf(owner.Client), findKey);
        if (key is not null && result.IsValid)
        {
            return new(AuthenticatedCredential.Judge(key, owner, time.GetUtcNow())) { OnceOnly = result.Assertion };
        }

        var reason = Reason(result.Fault);
        var hint = HintFor(result.Fault);
        var otherwise = hint is null ? result : validator.Validate(assertion, clientId, compatible, findKey);
        var isSigned = otherwise.IsValid || IsBehindSignature(result.Fault) || IsBehindSignature(otherwise.Fault);
        return new(
            // Only the holder of the client's key gets this hint: the same assertion would work for a client with that setting.
            isSigned && key is not null
                ? AuthenticationFailure.Of(reason, key, owner, otherwise.IsValid ? hint : null)
                : AuthenticationFailure.Of(reason)
        );
    }

    /// <summary>Whether the fault implies a valid signature by the client's key: then the records name client and key.</summary>
    private static bool IsBehindSignature(ClientAssertionFault fault) =>
        fault
            is ClientAssertionFault.InvalidClaims
                or ClientAssertionFault.WrongClient
                or ClientAssertionFault.WrongAudience
                or ClientAssertionFault.Expired
                or ClientAssertionFault.TooLongLived
                or ClientAssertionFault.NotYetValid;

    /// <summary>For an assertion that names no key: the client's key, if it has exactly one.</summary>
    private async ValueTask<CredentialFacts?> FindKeyAsync(string clientId, string assertion) =>
        !ClientAssertionValidator.TryReadKeyId(assertion, out var keyId) ? null
        : keyId is null ? await clientKeys.OnlyAsync(clientId, CredentialKind.PublicKey)
        : await clientKeys.FindAsync(clientId, CredentialKind.PublicKey, keyId);

    private ClientAssertionRules RulesOf(ClientSettings client) =>
        client.CompatibleAssertions ? compatible
        : client.AcceptsUntypedAssertions ? Untyped
        : ClientAssertionRules.Strict;

    private static string? HintFor(ClientAssertionFault fault) =>
        fault switch
        {
            ClientAssertionFault.WrongType => "the typ of the assertion is not client-authentication+jwt" + Remedy,
            ClientAssertionFault.WrongAudience => "the aud of the assertion is not the issuer alone" + Remedy,
            ClientAssertionFault.TooLongLived => "the exp of the assertion is more than ten minutes ahead" + Remedy,
            _ => null,
        };

    /// <summary>Claims the assertion; <c>false</c> if it was used before, here or on another replica. The claim is durable before the answer.</summary>
    public ValueTask<bool> ClaimAsync(ProvedClient proved) => proved.OnceOnly is { } assertion ? new(ClaimAsync(assertion)) : new(true);

    private Task<bool> ClaimAsync(ClientAssertion assertion)
    {
        // Ids contain no line feed, so two different pairs cannot collide.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{assertion.ClientId}\n{assertion.TokenId}"));
        return SingleUse.ClaimAloneAsync(database, UseKind, hash, assertion.KeepUntil);
    }

    /// <summary>For the audit; the client gets the same answer for all of them.</summary>
    internal static AuditReason Reason(ClientAssertionFault fault) =>
        new(
            fault is ClientAssertionFault.None or ClientAssertionFault.InvalidClaims
                ? VerificationCode.Malformed
                : FaultReason.Of("assertion", fault)
        );
}
