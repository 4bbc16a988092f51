using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Tokenry.Server.Platform.Certificates;

namespace Tokenry.Server.Tests.Platform.Certificates;

/// <summary>Names are equal part by part, however they are written (RFC 4514, RFC 8705 §2.1.2).</summary>
public sealed class DistinguishedNameTests
{
    [Theory]
    [InlineData("CN=billing,O=Example")]
    [InlineData("cn=billing, o=Example")]
    [InlineData(" CN = billing , O = Example ")]
    [InlineData("2.5.4.3=billing,2.5.4.10=Example")]
    [InlineData(@"CN=\62illing,O=Example")]
    [InlineData("CN=#0c0762696c6c696e67,O=Example")] // UTF8String
    [InlineData("CN=#130762696C6C696E67,O=Example")] // PrintableString
    public void However_it_is_written_it_is_the_same_name(string text)
    {
        Assert.True(DistinguishedName.TryParse(text, out var parsed));
        Assert.Equal(Parsed("CN=billing,O=Example"), parsed);
        foreach (var type in new[] { UniversalTagNumber.UTF8String, UniversalTagNumber.PrintableString, UniversalTagNumber.BMPString })
        {
            Assert.Equal(parsed, DistinguishedName.Of(Encoded(type, [("2.5.4.10", "Example")], [("2.5.4.3", "billing")])));
        }
    }

    [Theory]
    [InlineData("O=Example,CN=billing")] // another order is another name
    [InlineData("CN=billing")]
    [InlineData("CN=billing,O=Example,C=DE")]
    [InlineData("CN=billing+O=Example")]
    [InlineData("CN=Billing,O=Example")]
    [InlineData("CN=billing,OU=Example")]
    [InlineData(@"CN=billing\,O\=Example")]
    [InlineData(@"CN=billing\ ,O=Example")]
    [InlineData(@"CN=billing\00,O=Example")]
    public void Another_name_is_another_name(string text) => Assert.NotEqual(Parsed("CN=billing,O=Example"), Parsed(text));

    [Fact]
    public void Several_attributes_of_one_name_have_no_order()
    {
        Assert.Equal(Parsed("CN=a+UID=1,O=x"), Parsed("UID=1+CN=a,O=x"));
        var encoded = Encoded(UniversalTagNumber.UTF8String, [("2.5.4.10", "x")], [("0.9.2342.19200300.100.1.1", "1"), ("2.5.4.3", "a")]);
        Assert.Equal(Parsed("CN=a+UID=1,O=x"), DistinguishedName.Of(encoded));
    }

    [Theory]
    [InlineData(@"CN=a\,b\+c\""d\\e\<f\>g\;h", "a,b+c\"d\\e<f>g;h")]
    [InlineData(@"CN=\ a\ ", " a ")]
    [InlineData(@"CN=\#1", "#1")]
    [InlineData(@"CN=Lu\C4\8Di\C4\87", "Lučić")]
    [InlineData("CN=Lučić", "Lučić")]
    [InlineData("CN=a=b", "a=b")]
    public void What_is_escaped_means_itself(string text, string value)
    {
        var name = DistinguishedName.Of(Encoded(UniversalTagNumber.UTF8String, [("2.5.4.3", value)]));
        Assert.Equal(Parsed(text), name);
        Assert.Equal(name, Parsed(name!.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("billing")]
    [InlineData("CN=")]
    [InlineData("CN=a,")]
    [InlineData(",CN=a")]
    [InlineData("CN=a,,O=b")]
    [InlineData("CN=a+")]
    [InlineData("UNKNOWN=a")]
    [InlineData("1..2=a")]
    [InlineData("2.05=a")]
    [InlineData("CN=\"a\"")]
    [InlineData("CN=a;O=b")]
    [InlineData(@"CN=a\")]
    [InlineData(@"CN=a\x")]
    [InlineData(@"CN=\ff")] // no UTF-8
    [InlineData("CN=#zz")]
    [InlineData("CN=#0c05616263")] // cut off
    [InlineData("CN=#0c016100")] // something behind it
    [InlineData("CN=#020101")] // a number
    public void What_is_no_name_is_none(string text) => Assert.False(DistinguishedName.TryParse(text, out _));

    [Fact]
    public void A_certificate_without_a_subject_has_no_name() => Assert.Null(DistinguishedName.Of(new X500DistinguishedName([0x30, 0x00])));

    private static DistinguishedName Parsed(string text) =>
        DistinguishedName.TryParse(text, out var parsed) ? parsed : throw new ArgumentException(text, nameof(text));

    private static X500DistinguishedName Encoded(UniversalTagNumber type, params (string Type, string Value)[][] names)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var name in names)
            {
                using (writer.PushSetOf())
                {
                    foreach (var (attribute, value) in name)
                    {
                        using (writer.PushSequence())
                        {
                            writer.WriteObjectIdentifier(attribute);
                            writer.WriteCharacterString(type, value);
                        }
                    }
                }
            }
        }

        return new X500DistinguishedName(writer.Encode());
    }
}
