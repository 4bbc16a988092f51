using BenchmarkDotNet.Attributes;
using Tokenry.Server.Platform.Http;

namespace Tokenry.MicroBenchmarks;

/// <summary>The body of a token request and of an introspection, as clients send them.</summary>
public class FormParsing
{
    private byte[] tokenRequest = [];
    private byte[] introspection = [];

    [GlobalSetup]
    public void SetUp()
    {
        tokenRequest =
            "grant_type=client_credentials&resource=https%3A%2F%2Fapi-15.example.com&scope=invoices%3Aread+orders%3Aread"u8.ToArray();
        introspection = [.. "token_type_hint=access_token&token="u8, .. Enumerable.Repeat((byte)'a', 700)];
        if (!TokenRequest() || !Introspection())
        {
            throw new InvalidOperationException("A sample is no form.");
        }
    }

    [Benchmark(Description = "client_credentials (109 B)")]
    public bool TokenRequest() => FormParameters.TryParse(tokenRequest, out _);

    [Benchmark(Description = "introspection of a JWT (735 B)")]
    public bool Introspection() => FormParameters.TryParse(introspection, out _);
}
