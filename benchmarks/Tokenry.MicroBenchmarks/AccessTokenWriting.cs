using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Credentials;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Signing;

namespace Tokenry.MicroBenchmarks;

/// <summary>An access token of client_credentials. Beside it the signature alone, over as many bytes: the difference is the writer's own.</summary>
public class AccessTokenWriting : WithStore
{
    private static readonly ECDsa BareKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private AccessTokenWriter writer = null!;
    private JwsSigningKey signingKey = null!;
    private AccessTokenClaims claims = null!;
    private byte[] signingInput = [];

    protected override Task PrepareAsync()
    {
        writer = Store.Get<AccessTokenWriter>();
        signingKey = Store.Get<SigningKeyRing>().Active(JwsAlgorithms.Es256);
        claims = SampleClaims();
        var token = writer.Write(claims, JwsAlgorithms.Es256).Token;
        signingInput = Encoding.ASCII.GetBytes(token[..token.LastIndexOf('.')]);
        return Task.CompletedTask;
    }

    [Benchmark(Description = "ECDSA P-256 sign alone")]
    public bool BareSign()
    {
        Span<byte> signature = stackalloc byte[64];
        return BareKey.TrySignData(
            signingInput,
            signature,
            HashAlgorithmName.SHA256,
            DSASignatureFormat.IeeeP1363FixedFieldConcatenation,
            out _
        );
    }

    [Benchmark(Description = "JwsSigningKey.TrySign")]
    public bool SigningKeyAlone()
    {
        Span<byte> signature = stackalloc byte[64];
        return signingKey.TrySign(signingInput, signature);
    }

    [Benchmark(Description = "token id alone")]
    public string NewTokenId() => PublicId.Encode(PublicId.NewUuid7(TimeProvider.System.GetUtcNow()));

    [Benchmark(Description = "whole token")]
    public (string Token, string TokenId) Write() => writer.Write(claims, JwsAlgorithms.Es256);

    internal static AccessTokenClaims SampleClaims() =>
        new()
        {
            Audience = Sample.Api,
            Subject = "app_02x5Kq3d8TzYw1mN4vB7cR",
            ClientId = "app_02x5Kq3d8TzYw1mN4vB7cR",
            Scope = ScopeSet.Of(["invoices:read", "invoices:write", "orders:read"]),
            CredentialId = "sec_02x5Kq3d8TzYw1mN4vB7cS",
            Lifetime = TimeSpan.FromMinutes(5),
        };
}
