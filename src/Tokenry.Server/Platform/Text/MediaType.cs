using Microsoft.Net.Http.Headers;

namespace Tokenry.Server.Platform.Text;

/// <summary>Reads the <c>Content-Type</c> of a body that must be UTF-8 text.</summary>
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

    /// <summary>
    /// True for a form with any charset. The media type has no such parameter, and libraries send their platform's (ISO-8859-1 by default in Java). The body
    /// must be UTF-8 in any case (RFC 6749 Appendix B); otherwise it is refused.
    /// </summary>
    public static bool IsForm(string? contentType) =>
        contentType == Form
        || MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType.Equals(Form, StringComparison.OrdinalIgnoreCase);

    /// <summary>US-ASCII is a subset of UTF-8.</summary>
    private static bool IsUtf8(MediaTypeHeaderValue type) =>
        !type.Charset.HasValue
        || HeaderUtilities.RemoveQuotes(type.Charset) is var charset
            && (
                charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase)
                || charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase)
            );

    /// <summary>
    /// Whether the body has a content coding such as compression (RFC 9110 §8.4). The server refuses these, because a few bytes could expand to millions.
    /// </summary>
    public static bool IsCoded(HttpRequest request)
    {
        foreach (var value in request.Headers.ContentEncoding)
        {
            if (!string.IsNullOrEmpty(value) && !value.Equals("identity", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
