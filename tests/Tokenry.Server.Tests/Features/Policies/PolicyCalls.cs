namespace Tokenry.Server.Tests.Features.Policies;

/// <summary>What the tests of policies say again and again.</summary>
internal static class PolicyCalls
{
    public static readonly string[] Kinds =
    [
        "api_key",
        "anonymous_api_key",
        "personal_access_token",
        "client_secret",
        "public_key",
        "certificate",
        "federated_identity",
    ];

    /// <param name="client">The caller.</param>
    /// <param name="organization">The organization; null = the server.</param>
    /// <param name="rules">The rules that change.</param>
    public static Task<ApiResponse> SetPolicyAsync(this ApiClient client, string? organization, object rules) =>
        client.PatchAsync(Path(organization), rules);

    /// <summary>Removes every rule.</summary>
    public static Task<ApiResponse> ClearPolicyAsync(this ApiClient client, string? organization) =>
        client
            .PatchAsync(
                Path(organization),
                """{"max_lifetimes":null,"expiry_required":null,"max_tokens_per_user":null,"forbidden_kinds":null,"allowed_networks":null,"invited_accounts":null,"recoverable":null,"approval_required":null}"""
            )
            .Expect(200);

    public static string Path(string? organization) => organization is null ? "/v1/policy" : $"/v1/organizations/{organization}/policy";

    /// <summary>Every kind with the same longest life.</summary>
    public static object LifeOfAll(long seconds) => new { max_lifetimes = Kinds.Select(kind => new { kind, seconds }) };

    /// <summary>A refusal by that rule of that owner.</summary>
    public static async Task<ApiResponse> ExpectViolationAsync(this Task<ApiResponse> response, string rule, string owner)
    {
        var answer = await response.Expect(422, "policy_violation");
        Assert.Equal((rule, owner), (answer.Text("policy.rule"), answer.Text("policy.owner")));
        return answer;
    }
}
