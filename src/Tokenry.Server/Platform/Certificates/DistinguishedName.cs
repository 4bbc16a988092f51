using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tokenry.Server.Platform.Certificates;

/// <summary>
/// A subject's name as a sequence of relative names, each a set of attributes by object identifier. Two names are equal if their sequences are equal,
/// independent of the string types in the certificates and the escaping of RFC 4514 text. Values compare character by character: comparing too strictly costs
/// one registration, comparing too loosely costs an identity.
/// </summary>
public sealed class DistinguishedName : IEquatable<DistinguishedName>
{
    private const int MostAttributes = 64;
    private const int LongestText = 16 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // The types of RFC 4514 §3, and others in machines' certificates, with the names that openssl and .NET use.
    private static readonly Dictionary<string, string> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        ["CN"] = "2.5.4.3",
        ["SN"] = "2.5.4.4",
        ["serialNumber"] = "2.5.4.5",
        ["C"] = "2.5.4.6",
        ["L"] = "2.5.4.7",
        ["ST"] = "2.5.4.8",
        ["S"] = "2.5.4.8",
        ["STREET"] = "2.5.4.9",
        ["O"] = "2.5.4.10",
        ["OU"] = "2.5.4.11",
        ["title"] = "2.5.4.12",
        ["T"] = "2.5.4.12",
        ["postalCode"] = "2.5.4.17",
        ["GN"] = "2.5.4.42",
        ["givenName"] = "2.5.4.42",
        ["dnQualifier"] = "2.5.4.46",
        ["organizationIdentifier"] = "2.5.4.97",
        ["DC"] = "0.9.2342.19200300.100.1.25",
        ["UID"] = "0.9.2342.19200300.100.1.1",
        ["emailAddress"] = "1.2.840.113549.1.9.1",
        ["E"] = "1.2.840.113549.1.9.1",
    };

    // In the order of the certificate, the most general first. Each set is sorted, because a set has no order.
    private readonly List<List<(string Type, string Value)>> names;

    private DistinguishedName(List<List<(string Type, string Value)>> names)
    {
        this.names = names;
        names.ForEach(name => name.Sort((a, b) => string.CompareOrdinal(a.Type + '=' + a.Value, b.Type + '=' + b.Value)));
    }

    /// <summary>The name in a certificate; <c>null</c> if it is empty or has a value that is not text.</summary>
    public static DistinguishedName? Of(X500DistinguishedName encoded)
    {
        try
        {
            var read = new List<List<(string, string)>>();
            var reader = new AsnReader(encoded.RawData, AsnEncodingRules.DER);
            var sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            while (sequence.HasData)
            {
                // DER encoders must sort sets, but some do not.
                var set = sequence.ReadSetOf(skipSortOrderValidation: true);
                var name = new List<(string, string)>();
                while (set.HasData)
                {
                    var attribute = set.ReadSequence();
                    name.Add((attribute.ReadObjectIdentifier(), ReadText(attribute)));
                    attribute.ThrowIfNotEmpty();
                }

                read.Add(name);
            }

            return read.Count is > 0 and <= MostAttributes ? new(read) : null;
        }
        // An ArgumentException means an unknown string type.
        catch (Exception exception) when (exception is AsnContentException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Reads RFC 4514 text: the most specific name first, <c>,</c> between names, <c>+</c> within a name; spaces around them are ignored.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DistinguishedName? parsed)
    {
        parsed = null;
        var read = new List<List<(string, string)>>();
        var name = new List<(string, string)>();
        var count = 0;
        if (text.Length > LongestText)
        {
            return false;
        }

        for (var at = 0; ; at++)
        {
            if (++count > MostAttributes || !TryAttribute(text, ref at, out var attribute))
            {
                return false;
            }

            name.Add(attribute);
            if (at < text.Length && text[at] == '+')
            {
                continue;
            }

            read.Add(name);
            name = [];
            if (at == text.Length)
            {
                break;
            }
        }

        read.Reverse();
        parsed = new(read);
        return true;
    }

    public bool Equals(DistinguishedName? other) =>
        other is not null && names.Count == other.names.Count && names.Zip(other.names).All(pair => pair.First.SequenceEqual(pair.Second));

    public override bool Equals(object? obj) => Equals(obj as DistinguishedName);

    public override int GetHashCode() => names.Count == 0 ? 0 : names[^1][0].GetHashCode();

    /// <summary>The form of RFC 4514.</summary>
    public override string ToString() =>
        string.Join(
            ',',
            names
                .AsEnumerable()
                .Reverse()
                .Select(name => string.Join('+', name.Select(part => $"{NameOf(part.Type)}={Escaped(part.Value)}")))
        );

    private static string NameOf(string type) => Types.FirstOrDefault(pair => pair.Value == type).Key ?? type;

    private static string Escaped(string value)
    {
        var text = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            var isEdge = value[i] == ' ' && (i == 0 || i == value.Length - 1);
            if (char.IsControl(value[i]))
            {
                // All of them are below U+0100: one or two bytes of UTF-8.
                text.Append(string.Concat(Encoding.UTF8.GetBytes([value[i]]).Select(part => $"\\{part:x2}")));
                continue;
            }

            text.Append(isEdge || "\"+,;<>\\".Contains(value[i], StringComparison.Ordinal) || (i == 0 && value[i] == '#') ? "\\" : "");
            text.Append(value[i]);
        }

        return text.ToString();
    }

    /// <summary>Reads a type, <c>=</c> and a value, up to a separator or the end.</summary>
    private static bool TryAttribute(string text, ref int at, out (string Type, string Value) attribute)
    {
        attribute = default;
        var equals = at < text.Length ? text.IndexOf('=', at) : -1;
        if (equals < 0 || !TryType(text[at..equals].Trim(' '), out var type))
        {
            return false;
        }

        at = equals + 1;
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }

        var start = at;
        if (!TryValue(text, ref at, out var value) || value.Length == 0 || (text[start] == '#' && !TryEncoded(value, out value)))
        {
            return false;
        }

        attribute = (type, value);
        return true;
    }

    private static bool TryType(string name, [NotNullWhen(true)] out string? type)
    {
        if (Types.TryGetValue(name, out type))
        {
            return true;
        }

        type = name;
        return name.Contains('.', StringComparison.Ordinal)
            && name.Split('.').All(arc => arc.Length > 0 && arc.All(char.IsAsciiDigit) && (arc == "0" || arc[0] != '0'));
    }

    /// <summary>RFC 4514 §3 <c>string</c>: special characters are escaped, with a backslash or as the hex of their UTF-8.</summary>
    private static bool TryValue(string text, ref int at, out string value)
    {
        value = "";
        var bytes = new List<byte>();
        var trailing = 0;
        for (; at < text.Length && text[at] is not (',' or '+'); at++)
        {
            var isSpace = text[at] == ' ';
            trailing = isSpace ? trailing + 1 : 0;
            if (text[at] == '\\')
            {
                if (at + 2 < text.Length && char.IsAsciiHexDigit(text[at + 1]) && char.IsAsciiHexDigit(text[at + 2]))
                {
                    bytes.Add(byte.Parse(text.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                    at += 2;
                    continue;
                }

                if (++at >= text.Length || !" \"#+,;<=>\\".Contains(text[at], StringComparison.Ordinal))
                {
                    return false;
                }

                bytes.Add((byte)text[at]);
                continue;
            }

            if (text[at] is '"' or ';' or '<' or '>' or '\0' || !Rune.TryGetRuneAt(text, at, out var rune))
            {
                return false;
            }

            bytes.AddRange(Encoding.UTF8.GetBytes(rune.ToString()));
            at += rune.Utf16SequenceLength - 1;
        }

        bytes.RemoveRange(bytes.Count - trailing, trailing);
        try
        {
            value = Strict.GetString([.. bytes]);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>RFC 4514 §2.4: <c>#</c> and the hex of the value's encoding.</summary>
    private static bool TryEncoded(string hex, out string value)
    {
        value = "";
        try
        {
            var reader = new AsnReader(Convert.FromHexString(hex.AsSpan(1)), AsnEncodingRules.DER);
            value = ReadText(reader);
            return !reader.HasData;
        }
        catch (Exception exception) when (exception is FormatException or AsnContentException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>A DirectoryString or IA5String (RFC 5280 §4.1.2.4) as its characters.</summary>
    private static string ReadText(AsnReader reader)
    {
        var tag = reader.PeekTag();
        if (tag.TagClass != TagClass.Universal)
        {
            throw new AsnContentException("A name's value is no string.");
        }

        return reader.ReadCharacterString((UniversalTagNumber)tag.TagValue) is { Length: > 0 } text
            ? text
            : throw new AsnContentException("A name's value is empty.");
    }
}
