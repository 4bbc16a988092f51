using System.Buffers;
using System.Text;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

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
    public string Redact(string text) => MaskSigningKeys(MaskCredentials(text));

    /// <summary>As <see cref="Redact(string)"/>, of a text whose sender chose how long it is: what is behind <paramref name="longest"/> is not looked at.</summary>
    public string Redact(string text, int longest) => Redact(text.Length <= longest ? text : Cut(text, longest));

    /// <summary>Why a caller does something, for records and the audit: checked, and without anything in it that could be a credential of ours.</summary>
    public string? Reason(Validation check, string? said, int longest)
    {
        check.Text("reason", said, longest);
        return said is null ? null : Redact(said, longest);
    }

    /// <summary>A signing key that is cut in two would not be known as one: its first part goes, too.</summary>
    private static string Cut(string text, int longest)
    {
        var word = text.AsSpan(0, longest).LastIndexOfAnyExcept(Base64Url) + 1;
        return text[..(longest - word < SigningKeyLength ? word : longest)];
    }

    /// <summary>Of each word that begins as a credential string, keeps the brand and puts stars for the rest; for a JWT, stars alone.</summary>
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

    /// <summary>Signing keys begin like nothing: whatever has their length and their characters may be one.</summary>
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
