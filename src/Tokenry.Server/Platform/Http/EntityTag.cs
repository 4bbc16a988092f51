using System.Security.Cryptography;

namespace Tokenry.Server.Platform.Http;

/// <summary>The ETag of an answer, by its content.</summary>
internal static class EntityTag
{
    public static string Of(ReadOnlySpan<byte> content) => $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}\"";

    /// <summary>Sets the ETag. If the client has this content, it also answers 304.</summary>
    public static bool IsCurrent(HttpContext context, ReadOnlySpan<byte> content) => IsCurrent(context, Of(content));

    /// <inheritdoc cref="IsCurrent(HttpContext, ReadOnlySpan{byte})"/>
    public static bool IsCurrent(HttpContext context, string etag)
    {
        context.Response.Headers.ETag = etag;
        var known = context.Request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries);
        if (!Array.Exists(known, tag => Matches(tag, etag)))
        {
            return false;
        }

        context.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }

    // Weak comparison (RFC 9110 §13.1.2): a proxy that compresses changes the strong ETag to a weak one.
    private static bool Matches(string tag, string etag) =>
        tag == "*" || tag.AsSpan(tag.StartsWith("W/", StringComparison.Ordinal) ? 2 : 0).SequenceEqual(etag);
}
