using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Server.Platform.Certificates;

/// <summary>
/// Reads certificates from text, strictly: the whole text must have the expected form and number of certificates, and bytes after a certificate are an error.
/// This class does not check whether a certificate is valid for anything.
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

    /// <summary>Either of these two forms.</summary>
    public static bool TryPemOrBase64(ReadOnlySpan<char> text, [NotNullWhen(true)] out X509Certificate2? certificate) =>
        text.StartsWith("-") ? TryPem(text, out certificate) : TryBase64(text, out certificate);

    /// <summary>PEM with percent-escapes, as in nginx's <c>$ssl_client_escaped_cert</c>.</summary>
    public static bool TryEscapedPem(string text, [NotNullWhen(true)] out X509Certificate2? certificate)
    {
        certificate = null;
        // A broken escape stays unchanged, and is not base64.
        return text.Length <= LongestText && TryPem(Uri.UnescapeDataString(text), out certificate);
    }

    /// <summary>A byte sequence without parameters (RFC 9651 §3.3.5), as in <c>Client-Cert</c> (RFC 9440 §2.2).</summary>
    public static bool TryByteSequence(ReadOnlySpan<char> text, [NotNullWhen(true)] out X509Certificate2? certificate)
    {
        certificate = null;
        return text is [':', .. var base64, ':'] && TryBase64(base64, out certificate);
    }

    /// <summary>
    /// Consecutive certificates in PEM, separated only by white space; <c>null</c> for any other text or more than <paramref name="most"/> certificates.
    /// </summary>
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

    /// <summary>Whether every part that the server uses can be read. This finds an unreadable part now, and not during a decision.</summary>
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

    /// <summary>The first PEM block, with no text before it.</summary>
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
            // The bytes are not a certificate.
        }

        certificate?.Dispose();
        certificate = null;
        return false;
    }
}
