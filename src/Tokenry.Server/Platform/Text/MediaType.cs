using Microsoft.Net.Http.Headers;

namespace Tokenry.Server.Platform.Text;

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

    /// <summary>
    /// A form, whatever charset is named: the type has no such parameter, and libraries name their platform's (ISO-8859-1 by default in Java). What is sent
    /// must be UTF-8 in any case (RFC 6749 Appendix B), and is refused where it is not.
    /// </summary>
    public static bool IsForm(string? contentType) =>
        contentType == Form
        || MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType.Equals(Form, StringComparison.OrdinalIgnoreCase);

    /// <summary>US-ASCII is UTF-8, too.</summary>
    private static bool IsUtf8(MediaTypeHeaderValue type) =>
        !type.Charset.HasValue
        || HeaderUtilities.RemoveQuotes(type.Charset) is var charset
            && (
                charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase)
                || charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase)
            );

    /// <summary>Whether the body is compressed or otherwise coded (RFC 9110 §8.4): none such is taken, since a few bytes could become millions.</summary>
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
