using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Usage;

/// <summary>
/// The values of <see cref="Use.Result"/>: decisions, issued tokens, and the refusal reasons of clients and exchanges. A filter by another
/// value finds nothing.
/// </summary>
public static class UseCodes
{
    public static readonly string[] All =
    [
        .. VerificationCode.All,
        Use.Issued.Name,
        // Refused clients.
        "auth_method_not_allowed",
        "assertion_bad_signature",
        "assertion_expired",
        "assertion_not_yet_valid",
        "assertion_too_long_lived",
        "assertion_unknown_key",
        "assertion_wrong_audience",
        "assertion_wrong_client",
        "assertion_wrong_type",
        "certificate_expired",
        "certificate_unknown",
        "certificate_untrusted",
        "federated_bad_signature",
        "federated_expired",
        "federated_invalid_claims",
        "federated_not_yet_valid",
        "federated_other_actor",
        "federated_too_long_lived",
        "federated_unknown_issuer",
        "federated_unknown_key",
        "federated_wrong_audience",
        "federated_wrong_claim",
        "federated_wrong_subject",
        "federated_wrong_type",
        // Refused exchanges.
        "invalid_dpop_proof",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "not_the_authorized_actor",
        "subject_token_of_another",
        "token_too_long",
        "too_many_actors",
        "too_many_exchanges",
        "unauthorized_client",
        "use_dpop_nonce",
    ];
}
