namespace BillingApi;

/// <summary>What a refused client is told: what would do, and no more about its credential than that it is not good.</summary>
internal static class Challenge
{
    private const string Dpop = "DPoP algs=\"ES256 PS256 RS256\"";

    public static (int Status, string Line) For(Verdict verdict) =>
        verdict.Code switch
        {
            "credential_missing" => (401, $"Bearer, {Dpop}"),
            "strength_too_low" => (401, $"Bearer error=\"invalid_token\", error_description=\"bound tokens only\", {Dpop}"),
            "proof_replayed" => (401, $"{Dpop}, error=\"invalid_token\", error_description=\"this request was here before\""),
            "proof_required" or "proof_invalid" => (
                401,
                $"{Dpop}, error=\"invalid_token\", error_description=\"the key or certificate it is bound to did not come with it\""
            ),
            "insufficient_scope" => (403, "Bearer error=\"insufficient_scope\""),
            "rate_limited" or "quota_exceeded" => (429, "Bearer"),
            _ => (401, "Bearer error=\"invalid_token\""),
        };
}
