using System.Globalization;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Console;

/// <summary>
/// What a form for a new credential shows and holds: the choices, the values, what a link asked for, and the faults of the last attempt.
/// </summary>
public sealed record CredentialForm
{
    /// <summary>The days that a form offers first; the policy may allow fewer.</summary>
    private const int UsualDays = 30;

    public required IReadOnlyList<ApiChoice> Apis { get; init; }

    public string? Name { get; init; }

    /// <summary>A preset: a number of days, a number of seconds with an <c>s</c>, <c>date</c> or <c>never</c>.</summary>
    public required string Expires { get; init; }

    public string? ExpiresOn { get; init; }

    /// <summary>What the policies allow.</summary>
    public required CredentialLimits Limits { get; init; }

    /// <summary>The chosen scopes, as values of the field.</summary>
    public required IReadOnlySet<string> Chosen { get; init; }

    /// <summary>Scopes that a link asked for and the person cannot give.</summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];

    public string? Objects { get; init; }

    public string? Networks { get; init; }

    /// <summary>For a person's own token: the organizations in which it acts too.</summary>
    public IReadOnlySet<string> Organizations { get; init; } = new HashSet<string>();

    /// <summary>The chosen scopes in organizations, as values of the field. In an organization without any it has the same scopes as outside organizations.</summary>
    public IReadOnlySet<string> ChosenThere { get; init; } = new HashSet<string>();

    /// <summary>Why the credential is needed, for the person who approves it.</summary>
    public string? Justification { get; init; }

    /// <summary>Whether the server is to keep a copy of the secret.</summary>
    public bool IsRecoverable { get; init; }

    /// <summary>Whether a link filled the form.</summary>
    public bool IsAskedFor { get; init; }

    public required string Once { get; init; }

    public IReadOnlyDictionary<string, FieldFault[]>? Faults { get; init; }

    /// <summary>Why the last attempt was refused.</summary>
    public ProblemException? Refusal { get; init; }

    public IReadOnlyList<FieldFault> FaultsOf(string member) =>
        Faults
            ?.Where(fault =>
                fault.Key == member
                || fault.Key.StartsWith(member + "[", StringComparison.Ordinal)
                || fault.Key.StartsWith(member + ".", StringComparison.Ordinal)
            )
            .SelectMany(fault => fault.Value)
            .ToList()
        ?? [];

    /// <summary>The form before its first attempt, filled by the query of a link: <c>name</c>, <c>api</c>, <c>scopes</c>, <c>objects</c>, <c>expires_in</c>.</summary>
    public static CredentialForm Asked(IReadOnlyList<ApiChoice> apis, IQueryCollection query, CredentialLimits limits, string once)
    {
        var asked = Words(query["scopes"]).Take(100).ToList();
        var known = asked.Select(scope => (Scope: scope, Found: Find(apis, query["api"].ToString(), scope))).ToList();
        var days = Days(query["expires_in"].ToString()) ?? UsualDays;
        return new()
        {
            Apis = apis,
            Name = Text(query["name"].ToString()),
            Expires =
                limits.Longest is { } longest && TimeSpan.FromDays(days) > longest.Value
                    ? limits.LongestPreset!
                    : days.ToString(CultureInfo.InvariantCulture),
            Limits = limits,
            Chosen = known.SelectMany(entry => entry.Found).ToHashSet(StringComparer.Ordinal),
            Unknown = [.. known.Where(entry => entry.Found.Count == 0).Select(entry => entry.Scope)],
            Objects = Text(string.Join('\n', Words(query["objects"]).Take(100))),
            IsAskedFor = query.Count > 0,
            Once = once,
        };
    }

    /// <summary>The form after an attempt that was refused, with everything that the person had entered.</summary>
    public static CredentialForm Refused(IReadOnlyList<ApiChoice> apis, PageForm form, CredentialLimits limits, Refusal refusal) =>
        new()
        {
            Apis = apis,
            Name = form["name"],
            Expires = form["expires"] ?? "30",
            ExpiresOn = form["expires_on"],
            Limits = limits,
            Chosen = form.All("scope").ToHashSet(StringComparer.Ordinal),
            Objects = form["objects"],
            Networks = form["networks"],
            Organizations = form.All("organization").ToHashSet(StringComparer.Ordinal),
            ChosenThere = form.All("scope_there").ToHashSet(StringComparer.Ordinal),
            Justification = form["justification"],
            IsRecoverable = form["recoverable"] is not null,
            Once = refusal.Once,
            Faults = refusal.Problem.Errors,
            Refusal = refusal.Problem,
        };

    /// <summary>The request that the form makes.</summary>
    public static CredentialRequest Request(PageForm form, DateTimeOffset now)
    {
        var permissions = ScopeAt.Permissions(form.All("scope"));
        var there = form.All("scope_there");
        return new()
        {
            Name = form["name"] ?? "",
            ExpiresAt = new(Expiry(form, now)),
            Permissions = new CredentialPermissions(permissions),
            Organizations = form.All("organization") is { Count: > 0 } chosen
                ?
                [
                    .. chosen.Select(id => new OrganizationPermissions(
                        id,
                        ScopeThere.Permissions(there, id) is { Count: > 0 } own ? own : permissions
                    )),
                ]
                : null,
            Objects = form.Lines("objects"),
            AllowedIps = form.Lines("networks"),
            Justification = form["justification"],
            Recoverable = form["recoverable"] is null ? null : true,
        };
    }

    private static DateTimeOffset? Expiry(PageForm form, DateTimeOffset now) =>
        form["expires"] switch
        {
            "never" => null,
            "date" => DateOnly.TryParseExact(
                form["expires_on"],
                "yyyy-MM-dd",
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out var day
            )
                ? new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero)
                : DateTimeOffset.UnixEpoch, // refused as past, beside the field
            var preset => now + (CredentialLimits.LengthOf(preset) ?? TimeSpan.FromDays(UsualDays)),
        };

    private static int? Days(string? text) =>
        int.TryParse(text?.TrimEnd('d'), NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is > 0 and <= 3650
            ? days
            : null;

    private static string? Text(string text) => text.Length is > 0 and <= 2000 ? text : null;

    private static IEnumerable<string> Words(Microsoft.Extensions.Primitives.StringValues values) =>
        values.SelectMany(value => (value ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal);

    /// <summary>The values of the field that a scope of a link means: at the named API, else at each API that has it.</summary>
    private static List<string> Find(IReadOnlyList<ApiChoice> apis, string api, string scope) =>
        [
            .. apis.Where(choice => api.Length == 0 || choice.Identifier == api)
                .Where(choice => choice.Scopes.Any(offered => offered.Name == scope))
                .Select(choice => new ScopeAt(choice.Identifier, scope).ToString()),
        ];
}

/// <summary>Why an attempt was refused, and the value for the next one.</summary>
public sealed record Refusal(ProblemException Problem, string Once);
