using System.Globalization;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.Policies;

/// <summary>The rules of a policy as the fields of a form, with what the person typed.</summary>
public sealed record PolicyForm
{
    /// <summary>The start of the names of the fields with the longest lives.</summary>
    public const string Life = "life_";

    /// <summary>The longest lives by kind, such as <c>90d</c>.</summary>
    public required IReadOnlyDictionary<string, string> Lives { get; init; }

    /// <summary>The kinds that must expire.</summary>
    public required IReadOnlyList<string> Must { get; init; }

    /// <summary>The kinds that are forbidden.</summary>
    public required IReadOnlyList<string> Forbidden { get; init; }

    /// <summary>The most live tokens of a user.</summary>
    public string? Tokens { get; init; }

    /// <summary>The networks, one a line.</summary>
    public string? Networks { get; init; }

    /// <summary>The start of the names of the fields with the role within which the server approves at once.</summary>
    public const string WithinRole = "within_role_";

    /// <summary>The start of the names of the fields with the longest life in days for which it does.</summary>
    public const string WithinDays = "within_days_";

    /// <summary>The kinds that can be approved at once: those that have permissions of their own.</summary>
    public static readonly IReadOnlyList<string> AtOnce = [.. CredentialPolicies.Kinds.Where(CredentialRow.HasPermissions)];

    /// <summary>The kinds that need an approval.</summary>
    public required IReadOnlyList<string> Approved { get; init; }

    /// <summary>By kind the role within which the server approves at once, and the longest life in days.</summary>
    public required IReadOnlyDictionary<string, (string? Role, string? Days)> Within { get; init; }

    /// <summary>Whether API keys must not be recoverable.</summary>
    public bool ForbidsRecoverable { get; init; }

    /// <summary>Whether invitations must not make accounts.</summary>
    public bool ForbidsInvitedAccounts { get; init; }

    public static PolicyForm Of(PolicyRules rules) =>
        new()
        {
            Lives = (rules.MaxLifetimes ?? []).ToDictionary(
                life => life.Kind,
                life => DurationText.Write(TimeSpan.FromSeconds(life.Seconds)),
                StringComparer.Ordinal
            ),
            Must = rules.ExpiryRequired ?? [],
            Forbidden = rules.ForbiddenKinds ?? [],
            Tokens = rules.MaxTokensPerUser?.ToString(CultureInfo.InvariantCulture),
            Networks = rules.AllowedNetworks is { } networks ? string.Join('\n', networks) : null,
            Approved = [.. (rules.ApprovalRequired ?? []).Select(rule => rule.Kind)],
            Within = (rules.ApprovalRequired ?? []).ToDictionary(
                rule => rule.Kind,
                rule => (rule.WithinRole, rule.WithinDays?.ToString(CultureInfo.InvariantCulture)),
                StringComparer.Ordinal
            ),
            ForbidsRecoverable = rules.Recoverable is not null,
            ForbidsInvitedAccounts = rules.InvitedAccounts is not null,
        };

    public static PolicyForm Of(PageForm form) =>
        new()
        {
            Lives = CredentialPolicies
                .Kinds.Where(kind => form[Life + kind] is not null)
                .ToDictionary(kind => kind, kind => form[Life + kind]!, StringComparer.Ordinal),
            Must = form.All("must"),
            Forbidden = form.All("forbidden"),
            Tokens = form["tokens"],
            Networks = form["networks"],
            Approved = form.All("approval"),
            Within = AtOnce.ToDictionary(kind => kind, kind => (form[WithinRole + kind], form[WithinDays + kind]), StringComparer.Ordinal),
            ForbidsRecoverable = form[PolicyRule.Recoverable] is not null,
            ForbidsInvitedAccounts = form[PolicyRule.InvitedAccounts] is not null,
        };

    /// <summary>The rules that the fields say.</summary>
    /// <exception cref="ProblemException">400 with the fields that are neither empty nor a length or a number.</exception>
    public PolicyRules Rules()
    {
        var check = new Validation();
        var lives = new List<MaxLifetime>();
        foreach (var (kind, text) in Lives)
        {
            check.Require(
                DurationText.TryParse(text, out var life),
                Life + kind,
                new FieldFault("not_length", "must be a number and a unit, such as 90d, 12h or 30m")
            );
            lives.Add(new(kind, (long)life.TotalSeconds));
        }

        int? tokens = int.TryParse(Tokens, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        check.Require(Tokens is null || tokens is not null, "max_tokens_per_user", new FieldFault("not_number", "must be a number"));
        var approvals = new List<ApprovalRule>();
        foreach (var kind in Approved)
        {
            var (role, typed) = Within.GetValueOrDefault(kind);
            int? days = int.TryParse(typed, NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null;
            check.Require(typed is null || days is not null, WithinDays + kind, new FieldFault("not_days", "must be a number of days"));
            approvals.Add(new(kind, role, days));
        }

        check.ThrowIfAny();
        return new()
        {
            MaxLifetimes = lives.Count > 0 ? lives : null,
            ExpiryRequired = Must.Count > 0 ? Must : null,
            ForbiddenKinds = Forbidden.Count > 0 ? Forbidden : null,
            MaxTokensPerUser = tokens,
            AllowedNetworks = Networks?.Split(['\n', ' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            ApprovalRequired = approvals.Count > 0 ? approvals : null,
            Recoverable = ForbidsRecoverable ? PolicyBan.Forbidden : null,
            InvitedAccounts = ForbidsInvitedAccounts ? PolicyBan.Forbidden : null,
        };
    }

    /// <summary>The same as hidden fields of another form.</summary>
    public IEnumerable<(string Name, string Value)> Fields() =>
        Lives
            .Select(life => (Life + life.Key, life.Value))
            .Concat(Must.Select(kind => ("must", kind)))
            .Concat(Forbidden.Select(kind => ("forbidden", kind)))
            .Concat(Tokens is null ? [] : [("tokens", Tokens)])
            .Concat(Networks is null ? [] : [("networks", Networks)])
            .Concat(Approved.Select(kind => ("approval", kind)))
            .Concat(
                Within
                    .SelectMany(pair => new[] { (WithinRole + pair.Key, pair.Value.Role), (WithinDays + pair.Key, pair.Value.Days) })
                    .Where(field => field.Item2 is not null)
                    .Select(field => (field.Item1, field.Item2!))
            )
            .Concat(ForbidsRecoverable ? [(PolicyRule.Recoverable, PolicyBan.Forbidden)] : [])
            .Concat(ForbidsInvitedAccounts ? [(PolicyRule.InvitedAccounts, PolicyBan.Forbidden)] : []);
}
