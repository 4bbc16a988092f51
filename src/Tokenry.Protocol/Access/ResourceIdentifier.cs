namespace Tokenry.Protocol.Access;

/// <summary>
/// When two spellings name one API resource (RFC 3986 §6.2.2.1, §6.2.3): scheme and host ignore case, a default or empty port counts as no port, and a path of
/// only a slash counts as no path. Everything else compares byte for byte. Tokens carry the registered spelling.
/// </summary>
public static class ResourceIdentifier
{
    private const string BeforeAuthority = "://";

    /// <summary>The form in which identifiers are compared. Total: a text that is not an absolute URI stays unchanged.</summary>
    public static string Normalize(string identifier)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        var colon = identifier.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !IsScheme(identifier.AsSpan(0, colon)))
        {
            return identifier;
        }

        var scheme = identifier[..colon].ToLowerInvariant();
        if (!identifier.AsSpan(colon).StartsWith(BeforeAuthority, StringComparison.Ordinal))
        {
            return scheme + identifier[colon..];
        }

        var start = colon + BeforeAuthority.Length;
        var length = identifier.AsSpan(start).IndexOfAny('/', '?', '#');
        var authority = length < 0 ? identifier[start..] : identifier.Substring(start, length);
        var rest = length < 0 ? "" : identifier[(start + length)..];
        var host = authority.LastIndexOf('@') + 1;
        return $"{scheme}{BeforeAuthority}{authority[..host]}{WithoutDefaultPort(scheme, authority[host..].ToLowerInvariant())}{(rest == "/" ? "" : rest)}";
    }

    /// <summary>True if both name one API resource.</summary>
    public static bool AreSame(string identifier, string other) =>
        identifier == other || string.Equals(Normalize(identifier), Normalize(other), StringComparison.Ordinal);

    // RFC 3986 §3.1.
    private static bool IsScheme(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('+' or '-' or '.'))
            {
                return false;
            }
        }

        return char.IsAsciiLetter(text[0]);
    }

    private static string WithoutDefaultPort(string scheme, string host)
    {
        var port = host.LastIndexOf(':');
        if (port < 0)
        {
            return host;
        }

        // The text before the port is a name, or an address in brackets with colons of its own.
        var name = host.AsSpan(0, port);
        if (host.EndsWith(']') || (name is ['[', ..] ? name[^1] != ']' : name.Contains(':')))
        {
            return host;
        }

        return (scheme, host[(port + 1)..]) is (_, "") or ("https", "443") or ("http", "80") ? host[..port] : host;
    }
}
