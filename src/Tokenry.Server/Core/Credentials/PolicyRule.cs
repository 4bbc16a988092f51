using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Credentials;

/// <summary>The rules of a policy by name, and how a refusal says which one it was.</summary>
public static class PolicyRule
{
    public const string MaxLifetimes = "max_lifetimes";
    public const string ExpiryRequired = "expiry_required";
    public const string MaxTokensPerUser = "max_tokens_per_user";
    public const string ForbiddenKinds = "forbidden_kinds";
    public const string AllowedNetworks = "allowed_networks";
    public const string InvitedAccounts = "invited_accounts";
    public const string Recoverable = "recoverable";
    public const string ApprovalRequired = "approval_required";

    /// <summary>422 with the rule, whose policy has it, and what it allows.</summary>
    /// <param name="broken">The rule.</param>
    /// <param name="kind">The kind of the credential.</param>
    /// <param name="id">The credential, where the request does not name it.</param>
    public static ProblemException Refusal(PolicyViolation broken, string kind, string? id = null)
    {
        var (member, allows) = broken.Rule switch
        {
            MaxLifetimes => (
                "expires_at",
                $"a credential of the kind {kind} expires by {TimestampConverter.Format(broken.LatestExpiresAt!.Value)} at the latest"
            ),
            ExpiryRequired => ("expires_at", $"a credential of the kind {kind} must expire"),
            MaxTokensPerUser => ("name", $"a user has at most {broken.Limit} live personal access tokens; revoke one first"),
            ForbiddenKinds => ("kind", $"credentials of the kind {kind} are forbidden"),
            ApprovalRequired => (
                "justification",
                $"a credential of the kind {kind} needs an approval; name in justification why it is needed, in 1 to 500 characters"
            ),
            Recoverable => ("recoverable", "no API key is recoverable, and none is revealed; rotate a key to get a new secret"),
            InvitedAccounts => ("email", "an invitation makes no account; sign in with an account that exists, then open the link again"),
            _ => ("allowed_ips", "a credential works only from networks within those that the policy names, and must name its own"),
        };
        var whose = Whose(broken.Owner);
        var about = id is null ? "" : $" {id} breaks this rule.";
        return new ProblemException(422, ProblemCode.PolicyViolation, $"The policy of {whose} says ({broken.Rule}): {allows}.{about}")
        {
            Policy = broken,
            Errors = new Dictionary<string, FieldFault[]>(StringComparer.Ordinal)
            {
                [member] = [FaultOf(broken, $"the policy of {whose}: {allows}")],
            },
        };
    }

    private static FieldFault FaultOf(PolicyViolation broken, string words) =>
        broken switch
        {
            { LatestExpiresAt: { } latest } => new FieldFault($"policy_{broken.Rule}", words, ("time", latest)),
            { Limit: { } limit } => new FieldFault($"policy_{broken.Rule}", words, ("n", limit)),
            _ => new FieldFault($"policy_{broken.Rule}", words),
        };

    /// <summary>422 for a change that would let a credential do or last more than what was approved.</summary>
    /// <param name="owner">Whose policy demands the approval.</param>
    /// <param name="kind">The kind of the credential.</param>
    public static ProblemException Unapproved(string owner, string kind) =>
        new(
            422,
            ProblemCode.PolicyViolation,
            $"The policy of {Whose(owner)} says ({ApprovalRequired}): a credential of the kind {kind} needs an approval. "
                + "This change would give it more than was approved. Make a new credential, and ask for its approval."
        )
        {
            Policy = new() { Rule = ApprovalRequired, Owner = owner },
        };

    private static string Whose(string owner) => owner == PolicyStore.Server ? "the server" : $"the organization {owner}";
}
