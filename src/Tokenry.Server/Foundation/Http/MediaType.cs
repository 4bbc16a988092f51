using Microsoft.Net.Http.Headers;

namespace Tokenry.Server.Foundation.Http;

/// <summary>What a <c>Content-Type</c> says of a body that must be text in UTF-8.</summary>
public static class MediaType
{
    public const string Json = "application/json";
    public const string Form = "application/x-www-form-urlencoded";

    /// <summary><c>application/json</c> or any <c>application/…+json</c>, with UTF-8 if a charset is named.</summary>
    public static bool IsJson(string? contentType) =>
        contentType == Json
        || MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
            && (
                type.SubType.Equals("json", StringComparison.OrdinalIgnoreCase)
                || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase)
            )
            && IsUtf8(type);

    /// <summary>A form, with UTF-8 if a charset is named.</summary>
    public static bool IsForm(string? contentType) =>
        contentType == Form
        || MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.MediaType.Equals(Form, StringComparison.OrdinalIgnoreCase)
            && IsUtf8(type);

    private static bool IsUtf8(MediaTypeHeaderValue type) =>
        !type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase);
}
