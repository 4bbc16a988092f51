using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// The place of a claim: its name (<c>repository_id</c>), or, with a leading slash, a JSON Pointer (RFC 6901) into objects
/// (<c>/kubernetes.io/serviceaccount/name</c>).
/// </summary>
public sealed class ClaimPath
{
    /// <summary>The longest path, in characters.</summary>
    public const int MaxLength = 200;

    private readonly string text;
    private readonly string[] names;

    private ClaimPath(string text, string[] names) => (this.text, this.names) = (text, names);

    /// <summary>
    /// Reads a path; total. False for an empty path, one over <see cref="MaxLength"/>, an empty name, or an escape that RFC 6901 §3 does not define.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ClaimPath? path)
    {
        ArgumentNullException.ThrowIfNull(text);
        path = null;
        if (text.Length is 0 or > MaxLength)
        {
            return false;
        }

        var parts = text[0] == '/' ? text[1..].Split('/') : [text];
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i].Length == 0 || (text[0] == '/' && !TryUnescape(parts[i], out parts[i])))
            {
                return false;
            }
        }

        path = new ClaimPath(text, parts);
        return true;
    }

    /// <summary>
    /// The claim's value as text: a string unchanged, a whole number as digits, a boolean as <c>true</c> or <c>false</c>. False if the claim is absent or has
    /// another type: the method does not search lists or round numbers.
    /// </summary>
    /// <param name="claims">The claims, an object of a document read by <see cref="StrictJson"/>.</param>
    /// <param name="value">The text.</param>
    public bool TryFind(JsonElement claims, [NotNullWhen(true)] out string? value)
    {
        value = null;
        var element = claims;
        foreach (var name in names)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return false;
            }
        }

        value = element.ValueKind switch
        {
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Number when !element.GetRawText().AsSpan().ContainsAnyExceptInRange('0', '9') => element.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => null,
        };
        return value is not null;
    }

    /// <summary>The path as written.</summary>
    public override string ToString() => text;

    private static bool TryUnescape(string escaped, out string name)
    {
        name = escaped.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        for (var i = escaped.IndexOf('~', StringComparison.Ordinal); i >= 0; i = escaped.IndexOf('~', i + 1))
        {
            if (i + 1 == escaped.Length || escaped[i + 1] is not ('0' or '1'))
            {
                return false;
            }
        }

        return true;
    }
}
