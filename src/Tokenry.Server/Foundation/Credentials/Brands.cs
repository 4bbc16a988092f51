using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server.Foundation.Credentials;

/// <summary>The prefixes our credential strings begin with: the one in use and the retired ones.</summary>
public sealed class Brands(TokenryOptions options)
{
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
    public bool Begin(string text) => Array.Exists(prefixes, prefix => text.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>A text for a record, without anything in it that could be a credential of ours.</summary>
    public string Redact(string text)
    {
        foreach (var prefix in prefixes)
        {
            for (
                var at = text.IndexOf(prefix, StringComparison.Ordinal);
                at >= 0;
                at = text.IndexOf(prefix, at + 1, StringComparison.Ordinal)
            )
            {
                var end = at + prefix.Length;
                while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
                {
                    end++;
                }

                text = string.Concat(text.AsSpan(0, at + prefix.Length), "***", text.AsSpan(end));
            }
        }

        return text;
    }
}
