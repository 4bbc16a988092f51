using BenchmarkDotNet.Attributes;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Signing;

namespace Tokenry.MicroBenchmarks;

/// <summary>The authenticator with the facts in memory: parsing, look-ups, secret or signature, state and owner.</summary>
public class CredentialAuthentication : WithStore
{
    private Authenticator authenticator = null!;
    private CredentialCache credentials = null!;
    private string key = "";
    private string wrongSecret = "";
    private string accessToken = "";
    private string credentialId = "";

    protected override async Task PrepareAsync()
    {
        authenticator = Store.Get<Authenticator>();
        credentials = Store.Get<CredentialCache>();
        var sample = await Sample.CreateAsync(Store);
        key = await sample.IssueKeyAsync();
        credentialId = (await sample.AuthenticateAsync(key)).CredentialId!;
        wrongSecret = WithAnotherSecret(key);
        var claims = AccessTokenWriting.SampleClaims() with
        {
            Subject = sample.ApplicationId,
            ClientId = sample.ApplicationId,
            CredentialId = credentialId,
            Lifetime = TimeSpan.FromHours(1),
        };
        accessToken = Store.Get<AccessTokenWriter>().Write(claims, JwsAlgorithms.Es256).Token;
        await sample.AuthenticateAsync(accessToken);
        if ((await WrongSecretAsync()).Code != VerificationCode.Unknown)
        {
            throw new InvalidOperationException("The wrong secret is none.");
        }
    }

    [Benchmark(Description = "credential facts from the cache")]
    public ValueTask<CredentialFacts?> CachedFactsAsync() => credentials.GetAsync(credentialId);

    [Benchmark(Description = "API key")]
    public ValueTask<AuthenticationResult> ApiKeyAsync() => authenticator.AuthenticateAsync(key);

    [Benchmark(Description = "API key, wrong secret")]
    public ValueTask<AuthenticationResult> WrongSecretAsync() => authenticator.AuthenticateAsync(wrongSecret);

    [Benchmark(Description = "access token")]
    public ValueTask<AuthenticationResult> AccessTokenAsync() => authenticator.AuthenticateAsync(accessToken);

    private static string WithAnotherSecret(string presented) =>
        CredentialString.TryParse(presented, out var parsed)
            ? CredentialString.Create(parsed.Brand.ToString(), parsed.Kind.ToString(), parsed.IdValue).Reveal()
            : throw new InvalidOperationException("The sample is no credential.");
}
