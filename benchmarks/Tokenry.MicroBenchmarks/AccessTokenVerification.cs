using System.Text;
using BenchmarkDotNet.Attributes;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.MicroBenchmarks;

/// <summary>An access token at a door: the whole, and what it is made of. Claims are the whole without parsing and signature.</summary>
public class AccessTokenVerification : WithStore
{
    private AccessTokenValidator validator = null!;
    private SigningKeyRing keys = null!;
    private VerificationKey key = null!;
    private string token = "";
    private byte[] ascii = [];
    private byte[] signingInput = [];
    private byte[] signature = [];
    private byte[] payload = [];
    private string forged = "";

    protected override Task PrepareAsync()
    {
        keys = Store.Get<SigningKeyRing>();
        key = keys.Active(JwsAlgorithms.Es256).Verification;
        validator = new AccessTokenValidator(Store.Get<TokenryOptions>().Issuer, TimeProvider.System);
        token = Store
            .Get<AccessTokenWriter>()
            .Write(AccessTokenWriting.SampleClaims() with { Lifetime = TimeSpan.FromHours(1) }, JwsAlgorithms.Es256)
            .Token;
        ascii = Encoding.ASCII.GetBytes(token);
        TakeApart();
        var first = token.LastIndexOf('.') + 1;
        forged = token[..first] + (token[first] == 'A' ? 'B' : 'A') + token[(first + 1)..];
        if (!Validate().IsValid || ValidateForged().Fault != AccessTokenFault.BadSignature)
        {
            throw new InvalidOperationException("The samples are not what they are called.");
        }

        return Task.CompletedTask;
    }

    [Benchmark(Description = "ECDSA P-256 verify alone")]
    public bool BareVerify() => key.Verify(signingInput, signature);

    [Benchmark(Description = "JWS parsed")]
    public bool Parse() => CompactJws.TryParse(ascii, out _);

    [Benchmark(Description = "payload read as strict JSON")]
    public bool ReadPayload()
    {
        var read = StrictJson.TryParseObject(payload, out var document);
        document?.Dispose();
        return read;
    }

    [Benchmark(Description = "whole, good")]
    public AccessTokenResult Validate() => validator.Validate(token, keys.Find);

    [Benchmark(Description = "whole, forged signature")]
    public AccessTokenResult ValidateForged() => validator.Validate(forged, keys.Find);

    private void TakeApart()
    {
        if (!CompactJws.TryParse(ascii, out var jws))
        {
            throw new InvalidOperationException("The token is none.");
        }

        signingInput = jws.SigningInput.ToArray();
        signature = jws.Signature;
        payload = jws.Payload;
    }
}
