using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Vectors;

/// <summary>Wycheproof's JWS and JWE against the layers above the signature.</summary>
public sealed class WycheproofTokenTests
{
    // Valid tokens of algorithms, or with keys, that we do not take are refused on purpose: HMAC, PS384, PS512, RS384, RS512, ES512; so are 346 and 350,
    // where a key of PS256 is held against a token of PS384: a key has one algorithm.
    [Fact]
    public void Signed_tokens_of_our_algorithms_verify_and_no_others()
    {
        var accepted = new List<string>();
        var wrong = new List<int>();
        foreach (var (group, test) in VectorFile.Wycheproof("json_web_signature"))
        {
            var keyIsOurs =
                group.TryGetProperty("public", out var jwk)
                && jwk.TryGetProperty("alg", out var alg)
                && JwsAlgorithms.IsKnown(alg.GetString());
            var verified = jwk.ValueKind == JsonValueKind.Object && Verifies(test.Text("jws"), jwk);
            if (verified != (test.IsValid() && keyIsOurs && test.Id() is not (346 or 350)))
            {
                wrong.Add(test.Id());
            }

            if (verified)
            {
                accepted.Add(jwk.Text("alg"));
            }
        }

        Assert.Empty(wrong);
        Assert.Equal(
            "ES256:2 PS256:6 RS256:8",
            string.Join(
                ' ',
                accepted
                    .CountBy(algorithm => algorithm)
                    .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                    .Select(pair => $"{pair.Key}:{pair.Value}")
            )
        );
    }

    // Overrides 1: these two are called valid but have '?' inside base64url.
    [Theory]
    [InlineData(372)]
    [InlineData(373)]
    public void A_question_mark_is_not_base64url(int id)
    {
        var (_, test) = VectorFile.Wycheproof("json_web_signature").Single(item => item.Case.Id() == id);
        Assert.All(
            test.Text("jws").Split('.').Where(part => part.Contains('?', StringComparison.Ordinal)),
            part => Assert.False(StrictBase64Url.TryDecode(part, out _))
        );
        Assert.False(CompactJws.TryParse(Encoding.ASCII.GetBytes(test.Text("jws")), out _));
    }

    // Overrides 2: not one of them is an access token, however good its signature.
    [Fact]
    public void No_signed_token_is_an_access_token()
    {
        foreach (var (group, test) in VectorFile.Wycheproof("json_web_signature"))
        {
            VerificationKey? key = null;
            _ = group.TryGetProperty("public", out var jwk) && VerificationKey.TryImport(jwk, out key);
            using (key)
            {
                var result = new AccessTokenValidator("joe", TimeProvider.System).Validate(test.Text("jws"), _ => key);
                Assert.False(result.IsValid, $"tcId {test.Id()}");
                Assert.Null(result.Token);
            }
        }
    }

    // Overrides 8: we read no encrypted token; refused before a key is asked for or a byte inflated.
    [Fact]
    public void Every_encrypted_token_is_refused_at_sight()
    {
        foreach (var (_, test) in VectorFile.Wycheproof("json_web_encryption"))
        {
            var token = test.Text("jwe");
            Assert.False(CompactJws.TryParse(Encoding.ASCII.GetBytes(token), out _), $"tcId {test.Id()}");
            var result = new AccessTokenValidator("joe", TimeProvider.System).Validate(token, _ => throw new InvalidOperationException());
            Assert.Equal(AccessTokenFault.Malformed, result.Fault);
        }
    }

    private static bool Verifies(string token, JsonElement jwk)
    {
        if (!VerificationKey.TryImport(jwk, out var key))
        {
            return false;
        }

        using (key)
        {
            return CompactJws.TryParse(Encoding.UTF8.GetBytes(token), out var jws) && jws.IsSignedBy(key);
        }
    }
}
