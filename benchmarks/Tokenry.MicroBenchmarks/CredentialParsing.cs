using BenchmarkDotNet.Attributes;
using Tokenry.Protocol.Credentials;

namespace Tokenry.MicroBenchmarks;

/// <summary>The first look at a presented string: before any cache, store or key.</summary>
public class CredentialParsing
{
    private string good = "";
    private string badChecksum = "";
    private string tooLong = "";

    [GlobalSetup]
    public void SetUp()
    {
        good = CredentialString.Create("tkr", CredentialKinds.ApiKey, PublicId.NewUuid7(TimeProvider.System.GetUtcNow())).Reveal();
        badChecksum = good[..^1] + (good[^1] == 'a' ? 'b' : 'a');
        tooLong = good + new string('a', 4096);
        if (!CredentialString.TryParse(good, out _) || CredentialString.TryParse(badChecksum, out _))
        {
            throw new InvalidOperationException("The samples are not what they are called.");
        }
    }

    [Benchmark(Description = "good")]
    public bool Good() => CredentialString.TryParse(good, out _);

    [Benchmark(Description = "bad checksum")]
    public bool BadChecksum() => CredentialString.TryParse(badChecksum, out _);

    [Benchmark(Description = "too long (4 KiB)")]
    public bool TooLong() => CredentialString.TryParse(tooLong, out _);
}
