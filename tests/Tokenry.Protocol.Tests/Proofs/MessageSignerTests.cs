using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Proofs;
using Tokenry.Protocol.Tests.Jose;

namespace Tokenry.Protocol.Tests.Proofs;

/// <summary>Our own end of the wire: what it signs, the other end takes.</summary>
public sealed class MessageSignerTests
{
    private readonly MessageForge forge = new();

    [Fact]
    public void What_it_signs_is_written_in_one_order()
    {
        forge.WithBody("{}").Fields["x-b"] = ["1"];
        var signed = new MessageSigner("key_1", MessageForge.Key, forge.Time).Sign(forge.Message, ["x-b", "content-digest"], "n");
        Assert.Equal(
            "tokenry=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\" \"x-b\")"
                + $";created={TokenForge.Now.ToUnixTimeSeconds()};nonce=\"n\";keyid=\"key_1\";alg=\"hmac-sha256\";tag=\"tokenry-v1\"",
            signed.SignatureInput
        );
        Assert.Equal(forge.Sign(signed.SignatureInput), signed.Signature);
        Assert.Equal(ContentDigest.Of("{}"u8), signed.ContentDigest);
    }

    [Fact]
    public void What_it_signs_is_good_whatever_the_request()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        RequestSigningKey[] keys = [MessageForge.Key, new(ecdsa)];
        Prop.ForAll(
                Requests().ToArbitrary(),
                request =>
                {
                    var key = keys[request.Body!.Value.Length % 2];
                    var signed = new MessageSigner("k\"\\1", key, request.Time).Sign(request.Message, ["x-a"]);
                    if (signed.ContentDigest is { } digest)
                    {
                        request.Fields["content-digest"] = [digest];
                    }

                    var fault = new MessageSignatureValidator(request.Time).Read(
                        [signed.SignatureInput],
                        [signed.Signature],
                        out var found
                    );
                    return fault == MessageSignatureFault.None
                        && found!.Verify(request.Message, key).Proof is { KeyId: "k\"\\1", Nonce.Length: 22 };
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("GET", false)]
    [InlineData("DELETE", false)]
    [InlineData("POST", true)]
    [InlineData("OPTIONS", true)]
    [InlineData("get", true)]
    public void What_usually_has_content_is_signed_with_the_digest_of_none(string method, bool hasDigest)
    {
        forge.Method = method;
        var signed = new MessageSigner("key_1", MessageForge.Key, forge.Time).Sign(forge.Message);
        Assert.Equal(hasDigest ? ContentDigest.Of([]) : null, signed.ContentDigest);
    }

    [Fact]
    public void Nonces_are_not_repeated()
    {
        var signer = new MessageSigner("key_1", MessageForge.Key, forge.Time);
        Assert.Equal(100, Enumerable.Range(0, 100).Select(_ => signer.Sign(forge.Message).SignatureInput).Distinct().Count());
    }

    [Theory]
    [InlineData("x-absent")]
    [InlineData("Date")]
    [InlineData("@status")]
    [InlineData("x-a\";sf")]
    [InlineData("x-a\"")]
    [InlineData("")]
    public void A_request_without_what_is_to_be_signed_is_refused(string field)
    {
        forge.Fields["x-a"] = ["1"];
        var signer = new MessageSigner("key_1", MessageForge.Key, forge.Time);
        Assert.Throws<ArgumentException>(() => signer.Sign(forge.Message, [field]));
        forge.Target = "/a b";
        Assert.Throws<ArgumentException>(() => signer.Sign(forge.Message));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("é")]
    [InlineData("a\n")]
    public void Ids_and_nonces_that_nobody_would_take_are_not_sent(string text)
    {
        Assert.Throws<ArgumentException>(() => new MessageSigner(text, MessageForge.Key, forge.Time));
        var signer = new MessageSigner("k", MessageForge.Key, forge.Time);
        Assert.Throws<ArgumentException>(() => signer.Sign(forge.Message, nonce: text));
        Assert.Throws<ArgumentException>(() => signer.Sign(forge.Message, nonce: new string('n', 257)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MessageSigner(new string('k', 201), MessageForge.Key, forge.Time));
    }

    private static Gen<MessageForge> Requests() =>
        from method in Gen.Elements("GET", "POST", "PATCH", "DELETE", "M-SEARCH")
        from target in Gen.Elements("/", "", "?a", "/a%2Fb/%C3%A9?x=%20&y", "/a//b/../c?", "/;a=b,c/:@")
        from authority in Gen.Elements("a.example.com", "A.example.COM:443", "a.example.com:8443", "[::1]:80")
        from lines in Gen.Elements("1", "", " a ", "a, b", "\"x;y\"").NonEmptyListOf()
        from body in ArbMap.Default.GeneratorFor<byte[]>()
        select new MessageForge
        {
            Method = method,
            Target = target,
            Authority = authority,
            Body = body,
            Fields = { ["x-a"] = [.. lines] },
        };
}
