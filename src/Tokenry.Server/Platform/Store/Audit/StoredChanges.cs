using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>
/// The stored form of changes. For free text (<c>name</c>, <c>email</c>, …) the hash covers only a pseudonym; the text is stored separately and can be
/// erased. A secret is stored as its digest. A value that is too long is stored as its digest and length.
/// </summary>
/// <param name="Changes">JSON text that the hash covers.</param>
/// <param name="Personal">JSON text of an object: values by their pseudonyms; <c>null</c> if there are none, or after they were erased.</param>
internal readonly record struct StoredChanges(string? Changes, string? Personal)
{
    private const int LongestValue = 8192;
    private const string PseudonymMember = "pseudonym";

    private static readonly string[] FreeText = ["name", "email", "description", "metadata"];
    private static readonly string[] Secrets = ["password"];

    public static StoredChanges Of(IReadOnlyList<AuditChange>? changes, byte[] auditKey)
    {
        if (changes is null)
        {
            return default;
        }

        var personal = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            foreach (var change in changes)
            {
                json.WriteStartObject();
                json.WriteString("member", change.Member);
                Write(json, "before", change.Member, change.Before);
                Write(json, "after", change.Member, change.After);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return new StoredChanges(Encoding.UTF8.GetString(stream.ToArray()), personal.Count == 0 ? null : Spelled(personal));

        void Write(Utf8JsonWriter json, string name, string member, JsonElement? value)
        {
            json.WritePropertyName(name);
            if (value is not { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } known)
            {
                json.WriteNullValue();
                return;
            }

            var text = known.GetRawText();
            if (Secrets.Contains(member) || text.Length > LongestValue)
            {
                json.WriteStartObject();
                json.WriteString("digest", Mac(auditKey, "digest:", text));
                if (!Secrets.Contains(member))
                {
                    json.WriteNumber("length", text.Length);
                }

                json.WriteEndObject();
            }
            else if (FreeText.Contains(member))
            {
                var pseudonym = Mac(auditKey, "text:", text);
                personal[pseudonym] = text;
                json.WriteStartObject();
                json.WriteString(PseudonymMember, pseudonym);
                json.WriteEndObject();
            }
            else
            {
                json.WriteRawValue(text);
            }
        }
    }

    /// <summary>Whether each value matches its pseudonym. Erased values cannot be checked.</summary>
    public bool IsPersonalWhole(byte[] auditKey)
    {
        if (Personal is null)
        {
            return true;
        }

        try
        {
            using var spelled = JsonDocument.Parse(Personal);
            return spelled.RootElement.EnumerateObject().All(entry => Mac(auditKey, "text:", entry.Value.GetRawText()) == entry.Name);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The changes for readers of the trail: values in place of pseudonyms, unless they were erased.</summary>
    public IReadOnlyList<AuditChange>? Read()
    {
        if (Changes is null)
        {
            return null;
        }

        using var stored = JsonDocument.Parse(Changes);
        using var spelled = JsonDocument.Parse(Personal ?? "{}");
        var values = spelled.RootElement;
        return
        [
            .. stored
                .RootElement.EnumerateArray()
                .Select(change => new AuditChange(
                    change.GetProperty("member").GetString()!,
                    Shown(change.GetProperty("before"), values),
                    Shown(change.GetProperty("after"), values)
                )),
        ];
    }

    private static JsonElement? Shown(JsonElement value, JsonElement values) =>
        value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty(PseudonymMember, out var pseudonym)
        && pseudonym.ValueKind == JsonValueKind.String
        && values.TryGetProperty(pseudonym.GetString()!, out var spelled)
            ? spelled.Clone()
        : value.Clone();

    private static string Spelled(SortedDictionary<string, string> personal)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            foreach (var (pseudonym, text) in personal)
            {
                json.WritePropertyName(pseudonym);
                json.WriteRawValue(text);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Keyed, so that an attacker cannot find the value by trying values.</summary>
    private static string Mac(byte[] auditKey, string purpose, string text) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(auditKey, Encoding.UTF8.GetBytes(purpose + text)).AsSpan(0, 16));
}
