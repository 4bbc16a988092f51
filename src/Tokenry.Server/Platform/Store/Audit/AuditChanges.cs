using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>Finds what an operation changed in a record, member by member of its JSON.</summary>
public static class AuditChanges
{
    /// <summary>Members that change through use, or that follow from other members.</summary>
    private static readonly string[] Moving = ["last_used", "previous_last_used", "weaknesses"];

    /// <summary>Members that determine what a record may do, for which principal, and within which limits.</summary>
    private static readonly string[] OfRights =
    [
        "roles",
        "permissions",
        "organizations",
        "owner",
        "owner_id",
        "owner_bound",
        "organization_id",
        "identifier",
        "scopes",
        "accepted_credentials",
        "resource_servers",
        "minimum_strength",
        "token_exchange_audiences",
        "objects",
        "allowed_ips",
        "rate_limits",
        "expires_at",
        "not_before",
        "recoverable",
    ];

    /// <summary>The rights that a new record has.</summary>
    public static IReadOnlyList<AuditChange>? Made<T>(T record)
        where T : class => Rights(null, record);

    /// <summary>The rights that a deleted record loses.</summary>
    public static IReadOnlyList<AuditChange>? Lost<T>(T record)
        where T : class => Rights(record, null);

    /// <summary>The rights that differ between two records, for an operation that also changes other members.</summary>
    /// <param name="before">The record before; <c>null</c> = there was none.</param>
    /// <param name="after">The record after; <c>null</c> = there is none.</param>
    public static IReadOnlyList<AuditChange>? Rights<T>(T? before, T? after)
        where T : class
    {
        // Write only these members: a record may be long, and callers create credentials often.
        var changes = new List<AuditChange>();
        foreach (var member in TokenryJson.Strict.GetTypeInfo(typeof(T)).Properties)
        {
            if (OfRights.Contains(member.Name))
            {
                var (was, now) = (Of(before), Of(after));
                if (was?.GetRawText() != now?.GetRawText())
                {
                    changes.Add(new AuditChange(member.Name, was, now));
                }
            }

            JsonElement? Of(T? record) =>
                record is not null && member.Get!(record) is { } value
                    ? JsonSerializer.SerializeToElement(value, member.PropertyType, TokenryJson.Strict)
                    : null;
        }

        return changes.Count == 0 ? null : changes;
    }

    /// <param name="before">The record as the API shows it, before the operation.</param>
    /// <param name="after">The same record after it.</param>
    /// <returns>The members whose values differ, in the order of the record; <c>null</c> if none differs.</returns>
    public static IReadOnlyList<AuditChange>? Between<T>(T before, T after)
    {
        var old = Members(before);
        var changes = new List<AuditChange>();
        foreach (var (member, value) in Members(after))
        {
            var was = old.TryGetValue(member, out var known) ? known : (JsonElement?)null;
            old.Remove(member);
            if (was?.GetRawText() != value.GetRawText())
            {
                changes.Add(new AuditChange(member, OrNull(was), OrNull(value)));
            }
        }

        // A member that is omitted when it is null.
        changes.AddRange(old.Where(gone => OrNull(gone.Value) is not null).Select(gone => new AuditChange(gone.Key, gone.Value, null)));
        return changes.Count == 0 ? null : changes;
    }

    /// <summary>A change of one member.</summary>
    /// <param name="member">Its name in the record.</param>
    /// <param name="before">A text, a number or a time; <c>null</c> = none.</param>
    /// <param name="after">The value after, with the same types; <c>null</c> = none.</param>
    public static AuditChange Of(string member, object? before, object? after) => new(member, Value(before), Value(after));

    /// <summary>A change of one member that is a list or a record.</summary>
    /// <inheritdoc cref="Of"/>
    /// <typeparam name="T">The member's type in the record.</typeparam>
    public static AuditChange OfType<T>(string member, T? before, T? after)
        where T : class => new(member, Typed(before), Typed(after));

    private static JsonElement? Typed<T>(T? value)
        where T : class => value is null ? null : JsonSerializer.SerializeToElement(value, TokenryJson.Strict);

    private static JsonElement? Value(object? value) =>
        value is null ? null : JsonSerializer.SerializeToElement(value, value.GetType(), TokenryJson.Strict);

    private static JsonElement? OrNull(JsonElement? value) => value is { ValueKind: not JsonValueKind.Null } ? value : null;

    private static Dictionary<string, JsonElement> Members<T>(T record) =>
        JsonSerializer
            .SerializeToElement(record, TokenryJson.Strict)
            .EnumerateObject()
            .Where(member => !Moving.Contains(member.Name))
            .ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
}
