using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using Tokenry.Protocol.Credentials;

namespace Tokenry.MicroBenchmarks;

/// <summary>Is the secret the stored one? Beside it the two hashes alone, which are the floor.</summary>
public class SecretDigests
{
    private readonly byte[] pepper = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] stored = new byte[SecretDigest.Length];
    private string presented = "";
    private byte[] ascii = [];

    [GlobalSetup]
    public void SetUp()
    {
        presented = CredentialString.Create("tkr", CredentialKinds.ApiKey, PublicId.NewUuid7(TimeProvider.System.GetUtcNow())).Reveal();
        ascii = Encoding.ASCII.GetBytes(presented);
        SecretDigest.Compute(presented, pepper, stored);
        if (!ComputeAndCompare())
        {
            throw new InvalidOperationException("The sample's digest is not its own.");
        }
    }

    [Benchmark(Description = "SHA-256 and HMAC alone")]
    public byte HashesAlone()
    {
        Span<byte> sha256 = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(ascii, sha256);
        HMACSHA256.HashData(pepper, sha256, digest);
        return digest[0];
    }

    [Benchmark(Description = "compute and compare")]
    public bool ComputeAndCompare()
    {
        Span<byte> digest = stackalloc byte[SecretDigest.Length];
        SecretDigest.Compute(presented, pepper, digest);
        return SecretDigest.Equals(digest, stored);
    }
}
