using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// JSON for security decisions: every document has exactly one reading. It refuses an object with a repeated member name, which two parsers may read
/// differently (RFC 8259 §4, RFC 7515 §4). It also refuses a string that would fail when it is read later.
/// </summary>
public static class StrictJson
{
    /// <summary>The deepest nesting of objects and arrays, including the outermost.</summary>
    public const int MaxDepth = 8;

    private static readonly JsonDocumentOptions Options = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = false,
        CommentHandling = JsonCommentHandling.Disallow,
        MaxDepth = MaxDepth,
    };

    /// <summary>
    /// Reads one JSON object in UTF-8 without byte order mark. It returns false and never throws for anything else: other values, repeated names (also if
    /// written with escapes), comments, trailing commas, more than <see cref="MaxDepth"/> levels, invalid UTF-8, lone surrogates.
    /// </summary>
    /// <param name="utf8">The text. The document borrows it: do not change it before the document is disposed.</param>
    /// <param name="document">The object; the caller disposes it. Every string in it can be read.</param>
    public static bool TryParseObject(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out JsonDocument? document)
    {
        document = null;
        if (!StartsAsObject(utf8.Span) || !Utf8.IsValid(utf8.Span))
        {
            return false;
        }

        JsonDocument? parsed = null;
        try
        {
            parsed = JsonDocument.Parse(utf8, Options);
            ReadEveryString(parsed.RootElement);
            document = parsed;
            parsed = null;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate in an escape: the reader finds it only when the text is read.
            return false;
        }
        finally
        {
            parsed?.Dispose();
        }
    }

    private static bool StartsAsObject(ReadOnlySpan<byte> utf8) => utf8.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

    private static void ReadEveryString(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    ReadEveryString(member.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadEveryString(item);
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            default:
                break;
        }
    }
}
