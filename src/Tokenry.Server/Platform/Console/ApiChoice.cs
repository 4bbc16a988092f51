using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Console;

/// <summary>An API that a form offers, with the scopes that the person may give to the new credential.</summary>
public sealed record ApiChoice(string Identifier, string Name, IReadOnlyList<string> ObjectTypes, IReadOnlyList<ScopeChoice> Scopes)
{
    /// <summary>The scopes by noun: the part of a name before its first colon.</summary>
    public IEnumerable<IGrouping<string, ScopeChoice>> Groups =>
        Scopes.GroupBy(scope => scope.Name.Split(':', '.')[0], StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal);
}

/// <summary>A scope that a form offers.</summary>
public sealed record ScopeChoice(string Name, string? Description);

/// <summary>A scope at an API as one value of a form.</summary>
public readonly record struct ScopeAt(string Api, string Scope)
{
    public override string ToString() => $"{Api} {Scope}";

    /// <summary>The permissions that the values of a field make together.</summary>
    public static IReadOnlyList<Permission> Permissions(IEnumerable<string> values) =>
        [
            .. values
                .Select(Parse)
                .OfType<ScopeAt>()
                .GroupBy(at => at.Api, StringComparer.Ordinal)
                .Select(group => new Permission(group.Key, [.. group.Select(at => at.Scope).Distinct(StringComparer.Ordinal)])),
        ];

    /// <summary>The values of a field that permissions are.</summary>
    public static IReadOnlySet<string> Values(IEnumerable<Permission> permissions) =>
        permissions
            .SelectMany(permission => permission.Scopes.Select(scope => new ScopeAt(permission.Api, scope).ToString()))
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>Reads the value of a field; without a space it is no such value.</summary>
    public static ScopeAt? Parse(string value) =>
        value.LastIndexOf(' ') is > 0 and var space ? new ScopeAt(value[..space], value[(space + 1)..]) : null;
}

/// <summary>A scope at an API in an organization as one value of a form.</summary>
public readonly record struct ScopeThere(string Organization, ScopeAt Scope)
{
    public override string ToString() => $"{Organization} {Scope}";

    /// <summary>The permissions in one organization that the values of a field make together.</summary>
    public static IReadOnlyList<Permission> Permissions(IEnumerable<string> values, string organization) =>
        ScopeAt.Permissions(
            values
                .Where(value => value.StartsWith(organization + " ", StringComparison.Ordinal))
                .Select(value => value[(organization.Length + 1)..])
        );
}
