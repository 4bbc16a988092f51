using System.Buffers.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>The <c>Basic</c> scheme (RFC 7617): base64 of user name, colon, password.</summary>
public static class BasicPair
{
    private const string Scheme = "Basic ";

    public static bool IsBasic(string authorization) => authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>The two parts as sent, separated by the first colon.</summary>
    public static bool TryRead(string authorization, out byte[] user, out byte[] password)
    {
        user = password = [];
        if (!IsBasic(authorization))
        {
            return false;
        }

        // One or more spaces separate scheme and credentials (RFC 9110 §11.4).
        var encoded = authorization.AsSpan(Scheme.Length).TrimStart(' ');
        // .NET's decoder skips white space, but a header with white space inside is malformed.
        if (encoded.IndexOfAny(' ', '\t') >= 0 || !Base64.IsValid(encoded, out var length))
        {
            return false;
        }

        var bytes = new byte[length];
        if (!Convert.TryFromBase64Chars(encoded, bytes, out var written))
        {
            return false;
        }

        var pair = bytes.AsSpan(0, written);
        var colon = pair.IndexOf((byte)':');
        if (colon < 0)
        {
            return false;
        }

        user = pair[..colon].ToArray();
        password = pair[(colon + 1)..].ToArray();
        return true;
    }
}
