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
/// <c>private_key_jwt</c> (RFC 7523 §2.2): an assertion signed with a key whose public half the application has registered, good for one request.
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

    /// <summary>In <see cref="SingleUse"/>.</summary>
    private const string UseKind = "client_assertion";

    private static readonly ClientAssertionRules Untyped = new() { TakesPlainType = true };

    private readonly ClientAssertionValidator validator = new(options.Issuer, time);

    /// <summary>What client libraries send by default.</summary>
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

    /// <summary>Where assertions are taken, and so what they may name as audience.</summary>
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

        // Whom it says it is from, where the form does not: failures are slowed by client, and not everybody's for one client's.
        var clientId = form["client_id"] ?? (ClientAssertionValidator.TryReadClient(assertion, out var claimed) ? claimed : null);
        return clientId is not null && FederatedIdentities.IsFromAnotherIssuer(assertion)
            ? new PresentedClient(ClientAuthenticationMethod.FederatedIdentity, clientId, assertion) { CheckedBy = federatedIdentities }
            : new PresentedClient(ClientAuthenticationMethod.PrivateKeyJwt, clientId, assertion);
    }

    /// <summary>Whose the assertion is and whether it is good, but for whether it was used before (<see cref="ClaimAsync(ProvedClient)"/>).</summary>
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
            // Told only to the holder of the client's key: the same assertion would do for a client that is set so.
            isSigned && key is not null
                ? AuthenticationFailure.Of(reason, key, owner, otherwise.IsValid ? hint : null)
                : AuthenticationFailure.Of(reason)
        );
    }

    /// <summary>Whether the fault is one of an assertion that the client's key did sign: then the records name client and key.</summary>
    private static bool IsBehindSignature(ClientAssertionFault fault) =>
        fault
            is ClientAssertionFault.InvalidClaims
                or ClientAssertionFault.WrongClient
                or ClientAssertionFault.WrongAudience
                or ClientAssertionFault.Expired
                or ClientAssertionFault.TooLongLived
                or ClientAssertionFault.NotYetValid;

    /// <summary>Of an assertion that names no key: the client's, if it has one alone.</summary>
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

    /// <summary>Claims the assertion; <c>false</c> if it was used before, here or on another replica. Durable before the answer.</summary>
    public ValueTask<bool> ClaimAsync(ProvedClient proved) => proved.OnceOnly is { } assertion ? new(ClaimAsync(assertion)) : new(true);

    private Task<bool> ClaimAsync(ClientAssertion assertion)
    {
        // Ids hold no line feed, so that no pair is another's.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{assertion.ClientId}\n{assertion.TokenId}"));
        return SingleUse.ClaimAloneAsync(database, UseKind, hash, assertion.KeepUntil);
    }

    /// <summary>For the audit; the client hears the same of all of them.</summary>
    internal static AuditReason Reason(ClientAssertionFault fault) =>
        new(
            fault is ClientAssertionFault.None or ClientAssertionFault.InvalidClaims
                ? VerificationCode.Malformed
                : FaultReason.Of("assertion", fault)
        );
}
