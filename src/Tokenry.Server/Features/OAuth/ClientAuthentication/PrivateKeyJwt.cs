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
    Database database,
    TokenryOptions options,
    TimeProvider time
)
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

    /// <exception cref="OAuthError">400 where an assertion is of another type, or the type stands alone.</exception>
    public static PresentedClient Read(FormParameters form)
    {
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
        return new PresentedClient(ClientAuthenticationMethod.PrivateKeyJwt, clientId, assertion);
    }

    /// <summary>Whose the assertion is and whether it is good, but for whether it was used before (<see cref="ClaimAsync"/>).</summary>
    public async ValueTask<(AuthenticationResult Proved, ClientAssertion? OnceOnly)> AuthenticateAsync(PresentedClient presented)
    {
        var assertion = presented.Proof!;
        if (presented.ClientId is not { } clientId)
        {
            return (AuthenticationFailure.Of(VerificationCode.Malformed), null);
        }

        if (await principals.ClientAsync(clientId) is not { } owner)
        {
            return (AuthenticationFailure.Of(VerificationCode.Unknown), null);
        }

        var key = await FindKeyAsync(clientId, assertion);
        Func<string?, VerificationKey?> findKey = _ => key?.PublicKey;
        var result = validator.Validate(assertion, clientId, RulesOf(owner.Client), findKey);
        if (key is not null && result.IsValid)
        {
            return (AuthenticatedCredential.Judge(key, owner, time.GetUtcNow()), result.Assertion);
        }

        var reason = Reason(result.Fault);
        var hint = HintFor(result.Fault);
        var otherwise = hint is null ? result : validator.Validate(assertion, clientId, compatible, findKey);
        var isSigned = otherwise.IsValid || IsBehindSignature(result.Fault) || IsBehindSignature(otherwise.Fault);
        return (
            // Told only to the holder of the client's key: the same assertion would do for a client that is set so.
            isSigned && key is not null
                ? AuthenticationFailure.Of(reason, key, owner, otherwise.IsValid ? hint : null)
                : AuthenticationFailure.Of(reason),
            null
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

    /// <summary>Uses the assertion up; false where it was used before, here or on another replica. Durable before the answer.</summary>
    public Task<bool> ClaimAsync(ClientAssertion assertion)
    {
        // Ids hold no line feed, so that no pair is another's.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{assertion.ClientId}\n{assertion.TokenId}"));
        return database.WriteAsync(tx => SingleUse.ClaimAsync(tx, UseKind, hash, assertion.KeepUntil.ToUnixTimeMilliseconds()));
    }

    /// <summary>For the audit; the client hears the same of all of them.</summary>
    private static AuditReason Reason(ClientAssertionFault fault) => new(NameOf(fault));

    private static string NameOf(ClientAssertionFault fault) =>
        fault switch
        {
            ClientAssertionFault.UnknownKey => "assertion_unknown_key",
            ClientAssertionFault.BadSignature => "assertion_bad_signature",
            ClientAssertionFault.WrongType => "assertion_wrong_type",
            ClientAssertionFault.WrongClient => "assertion_wrong_client",
            ClientAssertionFault.WrongAudience => "assertion_wrong_audience",
            ClientAssertionFault.Expired => "assertion_expired",
            ClientAssertionFault.TooLongLived => "assertion_too_long_lived",
            ClientAssertionFault.NotYetValid => "assertion_not_yet_valid",
            _ => VerificationCode.Malformed,
        };
}
