using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

/// <summary>Rows of the table of client authentication, and row 10 of the incidents: the audience of an assertion.</summary>
public sealed class ClientAssertionValidatorTests : IDisposable
{
    private const string Client = "app_02x5WlL3bRI7WJsw0Y1MYl";

    private readonly TokenForge forge = new();

    public void Dispose() => forge.Dispose();

    [Fact]
    public void A_good_assertion_names_its_client()
    {
        var result = Validate(Signed());
        Assert.True(result.IsValid);
        Assert.Equal(new ClientAssertion(Client, "j1", TokenForge.Now.AddSeconds(120), TokenForge.KeyId), result.Assertion);
        Assert.True(ClientAssertionValidator.TryReadClient(Signed(), out var claimed));
        Assert.Equal(Client, claimed);
    }

    [Theory]
    [InlineData("client-authentication+jwt", true, true)]
    [InlineData("Client-Authentication+JWT", true, true)]
    [InlineData("application/client-authentication+jwt", true, true)]
    [InlineData(null, false, true)]
    [InlineData("JWT", false, true)]
    [InlineData("jwt", false, true)]
    [InlineData("", false, false)]
    [InlineData("at+jwt", false, false)]
    [InlineData("dpop+jwt", false, false)]
    [InlineData("application/jwt", false, true)]
    [InlineData("client-authentication+jwt ", false, false)]
    public void The_type_is_explicit_but_for_clients_that_may_leave_it_out(string? type, bool strictly, bool plainly)
    {
        var token = Signed(type: type);
        Assert.Equal(strictly ? ClientAssertionFault.None : ClientAssertionFault.WrongType, Validate(token).Fault);
        Assert.Equal(plainly ? ClientAssertionFault.None : ClientAssertionFault.WrongType, Validate(token, takesPlainType: true).Fault);
    }

    [Theory]
    [InlineData("iss", "\"app_02x5WlL3bRI7WJsw0Y1MYm\"", ClientAssertionFault.WrongClient)]
    [InlineData("sub", "\"app_02x5WlL3bRI7WJsw0Y1MYm\"", ClientAssertionFault.WrongClient)]
    [InlineData("sub", "\"APP_02x5WlL3bRI7WJsw0Y1MYl\"", ClientAssertionFault.WrongClient)]
    [InlineData("iss", null, ClientAssertionFault.InvalidClaims)]
    [InlineData("iss", "7", ClientAssertionFault.InvalidClaims)]
    [InlineData("sub", null, ClientAssertionFault.InvalidClaims)]
    [InlineData("aud", null, ClientAssertionFault.WrongAudience)]
    [InlineData("aud", "[\"https://tokenry.example.com\"]", ClientAssertionFault.None)] // RFC 7519 §4.1.3: the same as the string
    [InlineData("aud", "[\"https://tokenry.example.com\",\"https://evil.example.com\"]", ClientAssertionFault.WrongAudience)]
    [InlineData("aud", "\"https://tokenry.example.com/\"", ClientAssertionFault.WrongAudience)]
    [InlineData("aud", "\"https://tokenry.example.com/oauth/token\"", ClientAssertionFault.WrongAudience)]
    [InlineData("aud", "\"https://evil.example.com\"", ClientAssertionFault.WrongAudience)]
    [InlineData("aud", "\"\"", ClientAssertionFault.WrongAudience)]
    [InlineData("jti", null, ClientAssertionFault.InvalidClaims)]
    [InlineData("jti", "\"\"", ClientAssertionFault.InvalidClaims)]
    [InlineData("jti", "7", ClientAssertionFault.InvalidClaims)]
    [InlineData("exp", null, ClientAssertionFault.InvalidClaims)]
    [InlineData("exp", "\"1795222983\"", ClientAssertionFault.InvalidClaims)]
    [InlineData("exp", "253402300799", ClientAssertionFault.TooLongLived)]
    [InlineData("exp", "0", ClientAssertionFault.Expired)]
    [InlineData("nbf", "true", ClientAssertionFault.InvalidClaims)]
    [InlineData("iat", "-1", ClientAssertionFault.InvalidClaims)]
    [InlineData("iat", null, ClientAssertionFault.None)]
    [InlineData("extra", "{}", ClientAssertionFault.None)]
    public void Each_claim_is_looked_at(string claim, string? json, ClientAssertionFault fault)
    {
        var claims = Claims();
        claims.Remove(claim);
        if (json is not null)
        {
            claims[claim] = JsonNode.Parse(json);
        }

        Assert.Equal(fault, Validate(Signed(claims)).Fault);
    }

    /// <summary>B.7: what client libraries send by default, for clients that are set so.</summary>
    [Theory]
    [InlineData("aud", "\"$issuer\"", ClientAssertionFault.None)]
    [InlineData("aud", "\"$issuer/oauth/token\"", ClientAssertionFault.None)]
    [InlineData("aud", "[\"$issuer/oauth/token\"]", ClientAssertionFault.None)]
    [InlineData("aud", "[\"$issuer\",\"$issuer/oauth/token\"]", ClientAssertionFault.None)]
    [InlineData("aud", "\"$issuer/\"", ClientAssertionFault.WrongAudience)]
    [InlineData("aud", "\"$issuer/oauth/token/\"", ClientAssertionFault.WrongAudience)]
    [InlineData("aud", "[\"$issuer/oauth/token\",\"https://evil.example.com\"]", ClientAssertionFault.WrongAudience)]
    [InlineData("aud", "[]", ClientAssertionFault.WrongAudience)]
    [InlineData("exp", "$now3600", ClientAssertionFault.None)]
    [InlineData("exp", "$now3601", ClientAssertionFault.TooLongLived)]
    [InlineData("jti", null, ClientAssertionFault.InvalidClaims)]
    public void B7_compatible_rules_take_more_and_not_anything(string claim, string? json, ClientAssertionFault fault)
    {
        var rules = new ClientAssertionRules
        {
            TakesPlainType = true,
            OtherAudiences = [TokenForge.Issuer + "/oauth/token"],
            LongestLife = TimeSpan.FromHours(1),
        };
        var claims = Claims();
        claims.Remove(claim);
        if (json?.StartsWith("$now", StringComparison.Ordinal) == true)
        {
            claims[claim] = TokenForge.Now.ToUnixTimeSeconds() + int.Parse(json[4..], System.Globalization.CultureInfo.InvariantCulture);
        }
        else if (json is not null)
        {
            claims[claim] = JsonNode.Parse(json.Replace("$issuer", TokenForge.Issuer, StringComparison.Ordinal));
        }

        Assert.Equal(fault, Validator.Validate(Signed(claims, type: "JWT"), Client, rules, _ => forge.Key).Fault);
    }

    [Theory]
    [InlineData("exp", 600, ClientAssertionFault.None)]
    [InlineData("exp", 601, ClientAssertionFault.TooLongLived)]
    [InlineData("exp", -59, ClientAssertionFault.None)]
    [InlineData("exp", -60, ClientAssertionFault.Expired)]
    [InlineData("nbf", 8, ClientAssertionFault.None)]
    [InlineData("nbf", 60, ClientAssertionFault.None)]
    [InlineData("nbf", 61, ClientAssertionFault.NotYetValid)]
    [InlineData("iat", 60, ClientAssertionFault.None)]
    [InlineData("iat", 61, ClientAssertionFault.NotYetValid)]
    public void Clocks_may_differ_by_a_minute_and_a_life_lasts_ten(string claim, int seconds, ClientAssertionFault fault)
    {
        var claims = Claims();
        claims[claim] = TokenForge.Now.AddSeconds(seconds).ToUnixTimeSeconds();
        Assert.Equal(fault, Validate(Signed(claims)).Fault);
    }

    [Theory]
    [InlineData(256, ClientAssertionFault.None)]
    [InlineData(257, ClientAssertionFault.InvalidClaims)]
    public void A_token_id_has_up_to_256_characters(int length, ClientAssertionFault fault)
    {
        var claims = Claims();
        claims["jti"] = new string('j', length);
        Assert.Equal(fault, Validate(Signed(claims)).Fault);
    }

    [Fact]
    public void A_key_of_another_client_a_missing_one_and_another_algorithm_are_refused()
    {
        Assert.Equal(ClientAssertionFault.UnknownKey, Validate(Signed(keyId: "other")).Fault);
        Assert.Equal(ClientAssertionFault.UnknownKey, Validate(Signed(keyId: null)).Fault);
        using var stranger = new TokenForge();
        var forged = stranger.Sign(Header("client-authentication+jwt", TokenForge.KeyId), Claims());
        Assert.Equal(ClientAssertionFault.BadSignature, Validate(forged).Fault);
        var header = Header("client-authentication+jwt", TokenForge.KeyId);
        header["alg"] = "RS256";
        Assert.Equal(ClientAssertionFault.BadSignature, Validate(forge.Sign(header, Claims())).Fault);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("RS384")]
    public void Other_algorithms_are_not_read_at_all(string algorithm)
    {
        var header = Header("client-authentication+jwt", TokenForge.KeyId);
        header["alg"] = algorithm;
        var token = forge.Sign(header, Claims());
        Assert.Equal(ClientAssertionFault.Malformed, Validate(token).Fault);
        Assert.Equal(ClientAssertionFault.Malformed, Validate(token[..(token.LastIndexOf('.') + 1)]).Fault);
    }

    // HMAC with the public key as its secret: the classic confusion of algorithms.
    [Fact]
    public void An_hmac_with_the_public_key_is_refused()
    {
        var header = Header("client-authentication+jwt", TokenForge.KeyId);
        header["alg"] = "HS256";
        var key = forge.Ecdsa.ExportSubjectPublicKeyInfo();
        var token = TokenForge.Sign(header.ToJsonString(), Claims().ToJsonString(), input => HMACSHA256.HashData(key, input));
        Assert.Equal(ClientAssertionFault.Malformed, Validate(token).Fault);
    }

    [Fact]
    public void Keys_of_ES384_and_PS256_sign_too()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        using var es384 = new VerificationKey("e", ecdsa);
        using var ps256 = new VerificationKey("p", rsa, JwsAlgorithms.Ps256);
        var signers = new (VerificationKey, Func<byte[], byte[]>)[]
        {
            (es384, input => ecdsa.SignData(input, HashAlgorithmName.SHA384)),
            (ps256, input => rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)),
        };
        foreach (var (key, sign) in signers)
        {
            var header = Header("client-authentication+jwt", key.KeyId);
            header["alg"] = key.Algorithm;
            var token = TokenForge.Sign(header.ToJsonString(), Claims().ToJsonString(), sign);
            Assert.True(Validator.Validate(token, Client, ClientAssertionRules.Strict, _ => key).IsValid);
        }
    }

    [Fact]
    public void No_text_makes_it_throw() =>
        Prop.ForAll<string?>(text =>
                Validate(text ?? "").Fault != ClientAssertionFault.None && !ClientAssertionValidator.TryReadClient(text ?? "", out _)
            )
            .QuickCheckThrowOnFailure();

    private ClientAssertionValidator Validator => new(TokenForge.Issuer, forge.Time);

    private ClientAssertionResult Validate(string assertion, bool takesPlainType = false)
    {
        var result = Validator.Validate(
            assertion,
            Client,
            new ClientAssertionRules { TakesPlainType = takesPlainType },
            id => id == TokenForge.KeyId ? forge.Key : null
        );
        Assert.Equal(result.Fault == ClientAssertionFault.None, result.IsValid);
        return result;
    }

    private string Signed(JsonObject? claims = null, string? type = "client-authentication+jwt", string? keyId = TokenForge.KeyId) =>
        forge.Sign(Header(type, keyId), claims ?? Claims());

    private static JsonObject Header(string? type, string? keyId)
    {
        var header = new JsonObject { ["alg"] = "ES256" };
        if (type is not null)
        {
            header["typ"] = type;
        }

        if (keyId is not null)
        {
            header["kid"] = keyId;
        }

        return header;
    }

    private static JsonObject Claims() =>
        new()
        {
            ["iss"] = Client,
            ["sub"] = Client,
            ["aud"] = TokenForge.Issuer,
            ["iat"] = TokenForge.Now.ToUnixTimeSeconds(),
            ["exp"] = TokenForge.Now.ToUnixTimeSeconds() + 60,
            ["jti"] = "j1",
        };
}
