using System.Buffers;
using System.Text;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>The brands of this server's credential strings: the current one and the retired ones.</summary>
public sealed class Brands(TokenryOptions options)
{
    /// <summary>The start of every JWT: <c>{"</c> in base64url.</summary>
    private const string JwtPrefix = "eyJ";

    /// <summary>The length of 32 bytes in base64url, which is the form of signing keys.</summary>
    private const int SigningKeyLength = 43;

    private static readonly SearchValues<char> Base64Url = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    );

    private static readonly SearchValues<char> OfCredential = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
    );

    private static readonly SearchValues<char> OfJwt = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    );

    private const string Stars = "***";

    private readonly SearchValues<string> beginnings = SearchValues.Create(
        [.. options.Brands.Retired.Prepend(options.Brands.Current).Select(brand => brand + "_"), JwtPrefix],
        StringComparison.Ordinal
    );

    private readonly string[] prefixes = [.. options.Brands.Retired.Prepend(options.Brands.Current).Select(brand => brand + "_")];

    /// <summary>Whether this server uses or used a brand.</summary>
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

    /// <summary>Whether a text starts like one of this server's credentials; it need not be one.</summary>
    public bool Begin(string text) =>
        text.StartsWith(JwtPrefix, StringComparison.Ordinal)
        || Array.Exists(prefixes, prefix => text.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>A text for a record, in which everything that may be one of this server's credentials is masked.</summary>
    public string Redact(string text) => MaskSigningKeys(MaskCredentials(text));

    /// <summary>
    /// Like <see cref="Redact(string)"/>, for a text whose length the sender chose: the text after <paramref name="longest"/> is dropped unread.
    /// </summary>
    public string Redact(string text, int longest) => Redact(text.Length <= longest ? text : Cut(text, longest));

    /// <summary>The reason that a caller gives, for records and the audit: validated, and with possible credentials masked.</summary>
    public string? Reason(Validation check, string? said, int longest)
    {
        check.Text("reason", said, longest);
        return said is null ? null : Redact(said, longest);
    }

    /// <summary>Also removes the first part of a signing key that the cut splits, because it would not be recognised.</summary>
    private static string Cut(string text, int longest)
    {
        var word = text.AsSpan(0, longest).LastIndexOfAnyExcept(Base64Url) + 1;
        return text[..(longest - word < SigningKeyLength ? word : longest)];
    }

    /// <summary>In each word that starts like a credential string, keeps the brand and masks the rest; masks a JWT completely.</summary>
    private string MaskCredentials(string text)
    {
        var at = text.AsSpan().IndexOfAny(beginnings);
        if (at < 0)
        {
            return text;
        }

        var masked = new StringBuilder(text.Length);
        for (var from = 0; ; )
        {
            masked.Append(text, from, at);
            var word = text.AsSpan(from + at);
            var prefix = PrefixOf(word);
            masked.Append(prefix).Append(Stars);
            var length = prefix is null ? word.IndexOfAnyExcept(OfJwt) : word.IndexOfAnyExcept(OfCredential);
            if (length < 0)
            {
                return masked.ToString();
            }

            from += at + length;
            at = text.AsSpan(from).IndexOfAny(beginnings);
            if (at < 0)
            {
                return masked.Append(text, from, text.Length - from).ToString();
            }
        }
    }

    private string? PrefixOf(ReadOnlySpan<char> word)
    {
        foreach (var prefix in prefixes)
        {
            if (word.StartsWith(prefix))
            {
                return prefix;
            }
        }

        return null;
    }

    /// <summary>Signing keys have no prefix, so every word with their length and characters is masked.</summary>
    private static string MaskSigningKeys(string text)
    {
        StringBuilder? masked = null;
        var from = 0;
        for (var at = 0; text.Length - at >= SigningKeyLength; at++)
        {
            var length = text.AsSpan(at).IndexOfAnyExcept(Base64Url);
            length = length < 0 ? text.Length - at : length;
            if (length == SigningKeyLength)
            {
                (masked ??= new StringBuilder(text.Length)).Append(text, from, at - from).Append(Stars);
                from = at + length;
            }

            at += length;
        }

        return masked is null ? text : masked.Append(text, from, text.Length - from).ToString();
    }
}
