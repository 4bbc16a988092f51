using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Server.Platform.Certificates;

/// <summary>
/// Certificates as text, read strictly: the whole text is what it says to be, one certificate is one, and what follows its last byte is a fault. Nothing
/// here says whether a certificate is good for anything.
/// </summary>
public static class CertificateText
{
    /// <summary>The longest text of one certificate, in characters.</summary>
    public const int LongestText = 16 * 1024;

    private const string Label = "CERTIFICATE";

    /// <summary>One certificate in PEM (RFC 7468 §5), white space around it allowed.</summary>
    public static bool TryPem(ReadOnlySpan<char> text, [NotNullWhen(true)] out X509Certificate2? certificate)
    {
        certificate = null;
        return text.Length <= LongestText
            && TryBlock(text, out var block, out var rest)
            && rest.IsWhiteSpace()
            && TryDer(block, out certificate);
    }

    /// <summary>One certificate in DER, as base64 without white space.</summary>
    public static bool TryBase64(ReadOnlySpan<char> text, [NotNullWhen(true)] out X509Certificate2? certificate)
    {
        certificate = null;
        return text.Length <= LongestText && TryDecode(text, out var der) && TryDer(der, out certificate);
    }

    /// <summary>Either of the two.</summary>
    public static bool TryPemOrBase64(ReadOnlySpan<char> text, [NotNullWhen(true)] out X509Certificate2? certificate) =>
        text.StartsWith("-") ? TryPem(text, out certificate) : TryBase64(text, out certificate);

    /// <summary>PEM with percent-escapes, as nginx's <c>$ssl_client_escaped_cert</c> has it.</summary>
    public static bool TryEscapedPem(string text, [NotNullWhen(true)] out X509Certificate2? certificate)
    {
        certificate = null;
        // A broken escape stays as it stands, and is no base64.
        return text.Length <= LongestText && TryPem(Uri.UnescapeDataString(text), out certificate);
    }

    /// <summary>A byte sequence without parameters (RFC 9651 §3.3.5), as <c>Client-Cert</c> has it (RFC 9440 §2.2).</summary>
    public static bool TryByteSequence(ReadOnlySpan<char> text, [NotNullWhen(true)] out X509Certificate2? certificate)
    {
        certificate = null;
        return text is [':', .. var base64, ':'] && TryBase64(base64, out certificate);
    }

    /// <summary>Certificates in PEM one after the other, with nothing but white space between; <c>null</c> where it is anything else or more than <paramref name="most"/>.</summary>
    public static List<X509Certificate2>? ReadBundle(ReadOnlySpan<char> text, int most)
    {
        var certificates = new List<X509Certificate2>();
        while (!text.IsWhiteSpace())
        {
            if (certificates.Count == most || !TryBlock(text, out var der, out text) || !TryDer(der, out var certificate))
            {
                certificates.ForEach(read => read.Dispose());
                return null;
            }

            certificates.Add(certificate);
        }

        return certificates;
    }

    /// <summary>Whether all that is ever asked of it can be read: what cannot is found now and not in the middle of a decision.</summary>
    internal static bool IsReadable(X509Certificate2 certificate)
    {
        try
        {
            return certificate.NotBefore <= certificate.NotAfter
                && certificate.SubjectName.RawData.Length > 0
                && certificate.PublicKey.Oid.Value is not null
                && certificate.Extensions.Count >= 0;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>The first block of PEM, with nothing before it.</summary>
    private static bool TryBlock(ReadOnlySpan<char> text, out byte[] der, out ReadOnlySpan<char> rest)
    {
        rest = default;
        der = [];
        if (!PemEncoding.TryFind(text, out var fields) || !text[fields.Label].SequenceEqual(Label))
        {
            return false;
        }

        var start = fields.Location.Start.GetOffset(text.Length);
        if (!text[..start].IsWhiteSpace())
        {
            return false;
        }

        rest = text[fields.Location.End..];
        der = new byte[fields.DecodedDataLength];
        return Convert.TryFromBase64Chars(text[fields.Base64Data], der, out var written) && written == der.Length;
    }

    private static bool TryDecode(ReadOnlySpan<char> base64, out byte[] bytes)
    {
        bytes = new byte[base64.Length / 4 * 3];
        if (base64.Length == 0 || base64.ContainsAny(" \t\r\n") || !Convert.TryFromBase64Chars(base64, bytes, out var written))
        {
            return false;
        }

        bytes = bytes[..written];
        return true;
    }

    private static bool TryDer(byte[] der, [NotNullWhen(true)] out X509Certificate2? certificate)
    {
        certificate = null;
        try
        {
            AsnDecoder.ReadSequence(der, AsnEncodingRules.DER, out _, out _, out var consumed);
            if (consumed != der.Length)
            {
                return false;
            }

            certificate = X509CertificateLoader.LoadCertificate(der);
            if (IsReadable(certificate))
            {
                return true;
            }
        }
        catch (Exception exception) when (exception is CryptographicException or AsnContentException)
        {
            // It is no certificate.
        }

        certificate?.Dispose();
        certificate = null;
        return false;
    }
}
