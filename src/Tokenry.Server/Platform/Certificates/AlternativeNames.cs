using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Server.Platform.Certificates;

/// <summary>The subject alternative names of a certificate by which a client can be identified (RFC 5280 §4.2.1.6).</summary>
public sealed class AlternativeNames
{
    private const string ExtensionOid = "2.5.29.17";

    private static readonly Asn1Tag EmailTag = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag DnsTag = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag IpTag = new(TagClass.ContextSpecific, 7);

    private readonly List<string> emails = [];
    private readonly List<string> dnsNames = [];
    private readonly List<string> uris = [];
    private readonly List<IPAddress> addresses = [];

    public IReadOnlyList<string> Emails => emails;

    public IReadOnlyList<string> DnsNames => dnsNames;

    public IReadOnlyList<string> Uris => uris;

    public IReadOnlyList<IPAddress> Addresses => addresses;

    /// <summary>Returns none if the extension is absent, repeated or malformed.</summary>
    public static AlternativeNames Of(X509Certificate2 certificate)
    {
        var extensions = certificate.Extensions.Where(extension => extension.Oid?.Value == ExtensionOid).Take(2).ToList();
        var names = new AlternativeNames();
        return extensions is [var only] && names.TryRead(only.RawData) ? names : new AlternativeNames();
    }

    private bool TryRead(byte[] extension)
    {
        try
        {
            var reader = new AsnReader(extension, AsnEncodingRules.DER);
            var sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            while (sequence.HasData)
            {
                var tag = sequence.PeekTag();
                if (tag.HasSameClassAndValue(EmailTag))
                {
                    emails.Add(sequence.ReadCharacterString(UniversalTagNumber.IA5String, EmailTag));
                }
                else if (tag.HasSameClassAndValue(DnsTag))
                {
                    dnsNames.Add(sequence.ReadCharacterString(UniversalTagNumber.IA5String, DnsTag));
                }
                else if (tag.HasSameClassAndValue(UriTag))
                {
                    uris.Add(sequence.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
                }
                else if (tag.HasSameClassAndValue(IpTag))
                {
                    addresses.Add(new IPAddress(sequence.ReadOctetString(IpTag)));
                }
                else
                {
                    sequence.ReadEncodedValue();
                }
            }

            return true;
        }
        // An address with a length other than 4 or 16 bytes.
        catch (Exception exception) when (exception is AsnContentException or ArgumentException)
        {
            return false;
        }
    }
}
