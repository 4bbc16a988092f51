using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Foundation.Audit;

/// <summary>Finds what an operation changed in a record, member by member of its JSON.</summary>
public static class AuditChanges
{
    /// <summary>Members that move by use alone, or follow from others.</summary>
    private static readonly string[] Moving = ["last_used", "weaknesses"];

    /// <param name="before">The record as the API shows it, before the operation.</param>
    /// <param name="after">The same record after it.</param>
    /// <returns>The members whose values differ, in the order of the record; <c>null</c> where none does.</returns>
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

        // A member that is left out where it is null.
        changes.AddRange(old.Where(gone => OrNull(gone.Value) is not null).Select(gone => new AuditChange(gone.Key, gone.Value, null)));
        return changes.Count == 0 ? null : changes;
    }

    /// <summary>A change of one member.</summary>
    /// <param name="member">Its name in the record.</param>
    /// <param name="before">A text, a number or a time; <c>null</c> = none.</param>
    /// <param name="after">The same.</param>
    public static AuditChange Of(string member, object? before, object? after) => new(member, Value(before), Value(after));

    /// <summary>The same of a list or a record.</summary>
    /// <inheritdoc cref="Of"/>
    /// <typeparam name="T">As it is in the record.</typeparam>
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
