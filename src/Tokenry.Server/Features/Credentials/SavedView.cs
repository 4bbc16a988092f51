using Tokenry.Protocol.Api;

namespace Tokenry.Server.Features.Credentials;

/// <summary>A view of the list that its page offers as a link.</summary>
/// <param name="Name">Its text has the key <c>view.</c> and this name.</param>
/// <param name="Filters">The filters of the list.</param>
public sealed record SavedView(string Name, IReadOnlyDictionary<string, string> Filters)
{
    /// <summary>How far the times of two addresses of one view lie apart at most; links are kept and sent.</summary>
    private static readonly TimeSpan Near = TimeSpan.FromDays(1);

    /// <summary>The address below the base.</summary>
    public string Address => "credentials?" + Query(Filters);

    /// <summary>The built-in views, as of now.</summary>
    public static IReadOnlyList<SavedView> All(DateTimeOffset now) =>
        [
            new("due", Of(("due_before", now.AddDays(30)), ("state", "active"))),
            new("overdue", Of(("due_before", now), ("state", "active"))),
            new("unused", Of(("unused_since", now.AddDays(-90)), ("state", "active"))),
            new("lasting", Of(("expires", "never"), ("state", "active"))),
            new("revoked", Of(("revoked_since", now.AddDays(-7)))),
        ];

    /// <summary>Filters as the query of an address.</summary>
    public static string Query(IEnumerable<KeyValuePair<string, string>> filters) =>
        string.Join('&', filters.Select(filter => $"{filter.Key}={Uri.EscapeDataString(filter.Value)}"));

    /// <summary>Whether the list shows this view.</summary>
    public bool Is(IReadOnlyDictionary<string, string> filters) =>
        filters.Count == Filters.Count
        && Filters.All(own => filters.TryGetValue(own.Key, out var value) && (value == own.Value || AreNear(value, own.Value)));

    private static bool AreNear(string one, string other) =>
        TimestampConverter.TryParse(one, out var first)
        && TimestampConverter.TryParse(other, out var second)
        && (first - second).Duration() < Near;

    private static Dictionary<string, string> Of(params (string Name, object Value)[] filters) =>
        filters.ToDictionary(
            filter => filter.Name,
            filter => filter.Value is DateTimeOffset time ? TimestampConverter.Format(time) : (string)filter.Value,
            StringComparer.Ordinal
        );
}
