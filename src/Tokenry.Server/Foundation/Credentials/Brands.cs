using System.Buffers;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server.Foundation.Credentials;

/// <summary>The prefixes our credential strings begin with: the one in use and the retired ones.</summary>
public sealed class Brands(TokenryOptions options)
{
    /// <summary>How every JWT begins: <c>{"</c> in base64url.</summary>
    private const string JwtPrefix = "eyJ";

    /// <summary>As long as 32 bytes in base64url, which is how signing keys are written.</summary>
    private const int SigningKeyLength = 43;

    private static readonly SearchValues<char> Base64Url = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    );

    private readonly string[] prefixes = [.. options.RetiredBrands.Prepend(options.Brand).Select(brand => brand + "_")];

    /// <summary>Whether a brand is one of ours.</summary>
    public bool Contains(ReadOnlySpan<char> brand)
    {
        foreach (var prefix in prefixes)
        {
            if (brand.SequenceEqual(prefix.AsSpan(0, prefix.Length - 1)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a text begins as our credentials do; it need not be one.</summary>
    public bool Begin(string text) =>
        text.StartsWith(JwtPrefix, StringComparison.Ordinal)
        || Array.Exists(prefixes, prefix => text.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>A text for a record, without anything in it that could be a credential of ours.</summary>
    public string Redact(string text)
    {
        foreach (var prefix in prefixes)
        {
            text = Mask(text, prefix, prefix.Length, static c => char.IsAsciiLetterOrDigit(c) || c == '_');
        }

        return MaskSigningKeys(Mask(text, JwtPrefix, 0, static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'));
    }

    /// <summary>Signing keys begin like nothing: whatever has their length and their characters may be one.</summary>
    private static string MaskSigningKeys(string text)
    {
        for (var at = 0; text.Length - at >= SigningKeyLength; at++)
        {
            var length = text.AsSpan(at).IndexOfAnyExcept(Base64Url);
            length = length < 0 ? text.Length - at : length;
            if (length == SigningKeyLength)
            {
                text = string.Concat(text.AsSpan(0, at), "***", text.AsSpan(at + length));
                length = 3;
            }

            at += length;
        }

        return text;
    }

    /// <summary>Of each word that begins so, keeps the first characters and puts stars for the rest.</summary>
    private static string Mask(string text, string prefix, int kept, Func<char, bool> belongs)
    {
        for (var at = text.IndexOf(prefix, StringComparison.Ordinal); at >= 0; )
        {
            var end = at + prefix.Length;
            while (end < text.Length && belongs(text[end]))
            {
                end++;
            }

            text = string.Concat(text.AsSpan(0, at + kept), "***", text.AsSpan(end));
            at = text.IndexOf(prefix, at + kept + 3, StringComparison.Ordinal);
        }

        return text;
    }
}
