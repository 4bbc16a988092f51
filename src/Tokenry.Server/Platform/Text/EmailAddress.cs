using System.Buffers;

namespace Tokenry.Server.Platform.Text;

/// <summary>
/// An e-mail address in the common part of RFC 5321 §4.1.2: a dot-string of at most 64 characters, one <c>@</c> and a domain name; 254 characters in all
/// (§4.5.3.1, with the brackets of a path). Quoted local parts, address literals and addresses outside ASCII are refused: they can look like another address,
/// and programs compare them differently.
/// </summary>
public static class EmailAddress
{
    public const int Longest = 254;
    private const int LongestLocalPart = 64;
    private const int LongestLabel = 63;

    /// <summary>The <c>atext</c> of RFC 5321, defined in RFC 5322 §3.2.3.</summary>
    private static readonly SearchValues<char> Atext = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~"
    );

    private static readonly SearchValues<char> LetterDigitHyphen = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
    );

    /// <summary>Checks any text; never throws.</summary>
    public static bool IsValid(ReadOnlySpan<char> text)
    {
        var at = text.IndexOf('@');
        return text.Length <= Longest
            && at is > 0 and <= LongestLocalPart
            && AreParts(text[..at], LongestLocalPart, Atext, mayBeginWithHyphen: true)
            && AreParts(text[(at + 1)..], LongestLabel, LetterDigitHyphen, mayBeginWithHyphen: false);
    }

    /// <summary>Non-empty parts between dots.</summary>
    private static bool AreParts(ReadOnlySpan<char> text, int longest, SearchValues<char> characters, bool mayBeginWithHyphen)
    {
        foreach (var range in text.Split('.'))
        {
            var part = text[range];
            if (
                part.IsEmpty
                || part.Length > longest
                || part.ContainsAnyExcept(characters)
                || (!mayBeginWithHyphen && (part[0] == '-' || part[^1] == '-'))
            )
            {
                return false;
            }
        }

        return true;
    }
}
