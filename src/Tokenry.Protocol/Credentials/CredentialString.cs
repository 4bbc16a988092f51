using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tokenry.Protocol.Credentials;

/// <summary>
/// An opaque credential as requests carry it: <c>{brand}_{kind}_{id}{secret}{checksum}</c>, e.g. <c>tkr_key_02x5…</c>. The id (128 bits), the secret (256 bits)
/// and the CRC-32C of everything before it are fixed-width base62. A credential has exactly one text: the parser does not trim, fold case or pad. A well-formed
/// string need not be a valid credential; only the stored digest decides that.
/// </summary>
public readonly ref struct CredentialString
{
    /// <summary>Characters of the id: 16 bytes in base62.</summary>
    public const int IdLength = 22;

    /// <summary>Characters of the secret: 32 bytes in base62.</summary>
    public const int SecretLength = 43;

    /// <summary>Characters of the checksum: 4 bytes in base62.</summary>
    public const int ChecksumLength = 6;

    /// <summary>The longest well-formed text: a brand of 10, a kind of 4, two separators and the 71 characters of the body.</summary>
    public const int MaxLength = MaxBrandLength + MaxKindLength + 2 + BodyLength;

    private const int BodyLength = IdLength + SecretLength + ChecksumLength;
    private const int MinBrandLength = 2;
    private const int MaxBrandLength = 10;
    private const int MinKindLength = 2;
    private const int MaxKindLength = 4;
    private const int MinLength = MinBrandLength + MinKindLength + 2 + BodyLength;
    private const int SecretBytes = 32;
    private const char Separator = '_';

    private static readonly SearchValues<char> BrandCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");
    private static readonly SearchValues<char> KindCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz");

    private CredentialString(ReadOnlySpan<char> text, ReadOnlySpan<char> brand, ReadOnlySpan<char> kind, UInt128 idValue)
    {
        Text = text;
        Brand = brand;
        Kind = kind;
        IdValue = idValue;
    }

    /// <summary>The whole text with the secret: hash it, never log it.</summary>
    public ReadOnlySpan<char> Text { get; }

    /// <summary>The brand: <c>[a-z0-9]{2,10}</c>. The caller checks whether it is configured.</summary>
    public ReadOnlySpan<char> Brand { get; }

    /// <summary>The kind: <c>[a-z]{2,4}</c>, see <see cref="CredentialKinds"/>. This build may not know it.</summary>
    public ReadOnlySpan<char> Kind { get; }

    /// <summary>The 22 characters that also end the credential's public id; not secret.</summary>
    public ReadOnlySpan<char> Id => Text.Slice(Text.Length - BodyLength, IdLength);

    /// <summary>The id as the number that it encodes (the big-endian bytes of a UUIDv7), ready for a look-up.</summary>
    public UInt128 IdValue { get; }

    /// <summary>True for a valid configured brand: <c>[a-z0-9]{2,10}</c>.</summary>
    public static bool IsBrand(ReadOnlySpan<char> brand) =>
        brand.Length is >= MinBrandLength and <= MaxBrandLength && !brand.ContainsAnyExcept(BrandCharacters);

    /// <summary>
    /// Parses a text; total and without I/O. False for a foreign character, a wrong length, an id, secret or checksum beyond its 128, 256 or 32 bits, or a
    /// wrong checksum. <paramref name="value"/> borrows <paramref name="text"/>.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out CredentialString value)
    {
        value = default;
        if (text.Length is < MinLength or > MaxLength || text[^(BodyLength + 1)] != Separator)
        {
            return false;
        }

        var head = text[..^(BodyLength + 1)];
        var split = head.IndexOf(Separator);
        if (split < 0 || !IsBrand(head[..split]) || !IsKind(head[(split + 1)..]))
        {
            return false;
        }

        var body = text[^BodyLength..];
        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        Span<byte> secret = stackalloc byte[SecretBytes];
        var wellFormed =
            PublicId.TryDecode(body[..IdLength], out var id)
            & Base62.TryDecode(body.Slice(IdLength, SecretLength), secret)
            & Base62.TryDecode(body[^ChecksumLength..], checksum);
        CryptographicOperations.ZeroMemory(secret);
        if (!wellFormed || BinaryPrimitives.ReadUInt32BigEndian(checksum) != Crc32C.Compute(text[..^ChecksumLength]))
        {
            return false;
        }

        value = new CredentialString(text, head[..split], head[(split + 1)..], id);
        return true;
    }

    /// <summary>Writes the text of a new credential.</summary>
    /// <param name="brand">The configured brand, <c>[a-z0-9]{2,10}</c>.</param>
    /// <param name="kind">One of <see cref="CredentialKinds"/>, <c>[a-z]{2,4}</c>.</param>
    /// <param name="id">The credential's id, from <see cref="PublicId.NewUuid7"/>.</param>
    /// <param name="secret32">32 bytes from a cryptographic random generator.</param>
    /// <exception cref="ArgumentException">The brand, the kind or the length of the secret is not valid.</exception>
    public static Secret Create(string brand, string kind, UInt128 id, ReadOnlySpan<byte> secret32)
    {
        if (!IsBrand(brand))
        {
            throw new ArgumentException("A brand is [a-z0-9]{2,10}.", nameof(brand));
        }

        if (!IsKind(kind))
        {
            throw new ArgumentException("A kind is [a-z]{2,4}.", nameof(kind));
        }

        if (secret32.Length != SecretBytes)
        {
            throw new ArgumentException("A secret has 32 bytes.", nameof(secret32));
        }

        Span<char> text = stackalloc char[brand.Length + kind.Length + 2 + BodyLength];
        brand.CopyTo(text);
        text[brand.Length] = Separator;
        kind.CopyTo(text[(brand.Length + 1)..]);
        text[^(BodyLength + 1)] = Separator;

        var body = text[^BodyLength..];
        PublicId.Encode(id, body[..IdLength]);
        Base62.Encode(secret32, body.Slice(IdLength, SecretLength));
        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(checksum, Crc32C.Compute(text[..^ChecksumLength]));
        Base62.Encode(checksum, body[^ChecksumLength..]);

        var secret = new Secret(new string(text));
        text.Clear();
        return secret;
    }

    /// <summary>Like the overload with <c>secret32</c>, with 32 new bytes from the operating system's random generator.</summary>
    /// <exception cref="ArgumentException">The brand or the kind is not valid.</exception>
    public static Secret Create(string brand, string kind, UInt128 id)
    {
        Span<byte> secret = stackalloc byte[SecretBytes];
        RandomNumberGenerator.Fill(secret);
        var credential = Create(brand, kind, id, secret);
        CryptographicOperations.ZeroMemory(secret);
        return credential;
    }

    private static bool IsKind(ReadOnlySpan<char> kind) =>
        kind.Length is >= MinKindLength and <= MaxKindLength && !kind.ContainsAnyExcept(KindCharacters);
}
