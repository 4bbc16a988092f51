using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Tokenry.Protocol.Proofs;

namespace Tokenry.MicroBenchmarks;

/// <summary>A signed request with a body of 256 bytes: what needs no key, and the whole.</summary>
public class MessageSignatureVerification
{
    private readonly MessageSignatureValidator validator = new(TimeProvider.System);
    private readonly RequestSigningKey hmac = new(RandomNumberGenerator.GetBytes(32));
    private readonly RequestSigningKey ecdsa = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));
    private readonly Dictionary<string, string?[]> fields = [];
    private HttpMessage message = null!;
    private SignatureFields byHmac = null!;
    private SignatureFields byEcdsa = null!;

    [GlobalSetup]
    public void SetUp()
    {
        message = new HttpMessage(
            "POST",
            "https",
            "api.example.com",
            "/v1/invoices?limit=5",
            name => fields.GetValueOrDefault(name, []),
            RandomNumberGenerator.GetBytes(256)
        );
        byHmac = new MessageSigner("key_1", hmac, TimeProvider.System).Sign(message);
        byEcdsa = new MessageSigner("key_1", ecdsa, TimeProvider.System).Sign(message);
        fields[ContentDigest.FieldName] = [byHmac.ContentDigest];
        if (!Hmac() || !Ecdsa())
        {
            throw new InvalidOperationException("A sample is not good.");
        }
    }

    [Benchmark(Description = "read, before the key is known")]
    public MessageSignatureFault Read() => validator.Read([byHmac.SignatureInput], [byHmac.Signature], out _);

    [Benchmark(Description = "whole, HMAC")]
    public bool Hmac() => Verify(byHmac, hmac);

    [Benchmark(Description = "whole, ECDSA P-256")]
    public bool Ecdsa() => Verify(byEcdsa, ecdsa);

    private bool Verify(SignatureFields signed, RequestSigningKey key) =>
        validator.Read([signed.SignatureInput], [signed.Signature], out var found) == MessageSignatureFault.None
        && found!.Verify(message, key).IsValid;
}
