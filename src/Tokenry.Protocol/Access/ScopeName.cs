using System.Buffers;

namespace Tokenry.Protocol.Access;

/// <summary>The name of one permission of an API, e.g. <c>invoices:read</c>.</summary>
public static class ScopeName
{
    /// <summary>The longest name, in characters. RFC 6749 sets no limit; Tokenry does.</summary>
    public const int MaxLength = 200;

    // scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), RFC 6749 §3.3: printable ASCII without space, quote and backslash.
    private static readonly SearchValues<char> Characters = SearchValues.Create([
        .. Enumerable.Range(0x21, 0x7E - 0x21 + 1).Select(code => (char)code).Where(character => character is not ('"' or '\\')),
    ]);

    /// <summary>True for a scope-token of RFC 6749 §3.3 of 1…200 characters.</summary>
    public static bool IsValid(ReadOnlySpan<char> name) => name.Length is > 0 and <= MaxLength && !name.ContainsAnyExcept(Characters);
}
