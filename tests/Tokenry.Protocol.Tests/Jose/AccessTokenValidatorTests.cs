using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

public sealed class AccessTokenValidatorTests : IDisposable
{
    private readonly TokenForge forge = new();

    public void Dispose() => forge.Dispose();

    [Fact]
    public void A_good_token_gives_its_claims()
    {
        var result = forge.Validate(forge.Sign());
        Assert.True(result.IsValid);
        var token = result.Token;
        Assert.Equal(TokenForge.Issuer, token.Issuer);
        Assert.Equal([TokenForge.Api], token.Audience);
        Assert.Equal("app_02x5WlL3bRI7WJsw0Y1MYl", token.Subject);
        Assert.Equal("app_02x5WlL3bRI7WJsw0Y1MYl", token.ClientId);
        Assert.Equal(TokenForge.Now, token.IssuedAt);
        Assert.Equal(TokenForge.Now.AddSeconds(300), token.ExpiresAt);
        Assert.Equal("j1", token.TokenId);
        Assert.Equal("invoices:read invoices:write", token.Scope.ToString());
        Assert.Null(token.CredentialId);
        Assert.Null(token.Objects);
        Assert.False(token.IsBound);
    }

    [Fact]
    public void Our_own_claims_are_read()
    {
        var claims = TokenForge.Claims();
        claims["credential_id"] = "sec_02x5WlL3bRI7WJsw0Y1MYl";
        claims["objects"] = new System.Text.Json.Nodes.JsonArray("repo:acme/*");
        claims["cnf"] = new System.Text.Json.Nodes.JsonObject { ["jkt"] = "x" };
        var token = forge.Validate(forge.Sign(claims: claims)).Token!;
        Assert.Equal("sec_02x5WlL3bRI7WJsw0Y1MYl", token.CredentialId);
        Assert.Equal(["repo:acme/*"], token.Objects!);
        Assert.True(token.IsBound);
        Assert.Equal("x", token.Confirmation!.KeyThumbprint);
    }

    [Theory]
    [InlineData("iss")]
    [InlineData("exp")]
    [InlineData("aud")]
    [InlineData("sub")]
    [InlineData("client_id")]
    [InlineData("iat")]
    [InlineData("jti")]
    public void Row8_each_required_claim_is_required(string claim)
    {
        var claims = TokenForge.Claims();
        claims.Remove(claim);
        Assert.Equal(AccessTokenFault.InvalidClaims, forge.FaultOf(forge.Sign(claims: claims)));
        foreach (var wrong in new[] { "null", "true", "{}", "[]", "[1]", "[null]", "\"\"", "[\"\"]", "[[\"x\"]]", "-1.5", "-1" })
        {
            Assert.Equal(AccessTokenFault.InvalidClaims, forge.FaultWith(claim, wrong));
        }
    }

    [Theory]
    [InlineData("1e12")]
    [InlineData("\"4000000000\"")]
    [InlineData("-1")]
    [InlineData("-0.1")]
    [InlineData("253402300800")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999999999999999")]
    [InlineData("[4000000000]")]
    public void Section3_4_times_are_numbers_from_1970_to_9999(string json)
    {
        Assert.Equal(AccessTokenFault.InvalidClaims, forge.FaultWith("exp", json));
        Assert.Equal(AccessTokenFault.InvalidClaims, forge.FaultWith("iat", json));
        Assert.Equal(AccessTokenFault.InvalidClaims, forge.FaultWith("nbf", json));
    }

    [Fact]
    public void Section3_4_the_last_second_of_the_year_9999_is_a_time() =>
        Assert.Equal(AccessTokenFault.None, forge.FaultWith("exp", "253402300799"));

    [Theory]
    [InlineData("{\"a\":1}")]
    [InlineData("7")]
    [InlineData("[]")]
    [InlineData("[\"https://api.example.com\",7]")]
    public void Row7_an_audience_is_a_string_or_an_array_of_strings(string json) =>
        Assert.Equal(AccessTokenFault.InvalidClaims, forge.FaultWith("aud", json));

    [Fact]
    public void Row7_a_token_for_one_api_is_not_for_another()
    {
        var claims = TokenForge.Claims();
        Assert.False(forge.Validate(forge.Sign()).Token!.IsFor("https://api.example.com/"));
        Assert.False(forge.Validate(forge.Sign()).Token!.IsFor("https://other.example.com"));
        Assert.True(forge.Validate(forge.Sign()).Token!.IsFor(TokenForge.Api));

        claims["aud"] = new System.Text.Json.Nodes.JsonArray("https://a.example.com", "https://b.example.com");
        var several = forge.Validate(forge.Sign(claims: claims)).Token!;
        Assert.True(several.IsFor("https://b.example.com"));
        Assert.False(several.IsFor(TokenForge.Api));
    }

    [Theory]
    [InlineData("https://tokenry.example.com/")]
    [InlineData("https://TOKENRY.example.com")]
    [InlineData("https://evil.example.com")]
    public void Section3_4_the_issuer_is_exact(string issuer) =>
        Assert.Equal(AccessTokenFault.WrongIssuer, forge.FaultWith("iss", $"\"{issuer}\""));

    [Theory]
    [InlineData("at+jwt", AccessTokenFault.None)]
    [InlineData("AT+JWT", AccessTokenFault.None)]
    [InlineData("application/at+jwt", AccessTokenFault.None)]
    [InlineData("Application/At+Jwt", AccessTokenFault.None)]
    [InlineData("JWT", AccessTokenFault.WrongType)]
    [InlineData("at+jwt ", AccessTokenFault.WrongType)]
    [InlineData("dpop+jwt", AccessTokenFault.WrongType)]
    [InlineData("client-authentication+jwt", AccessTokenFault.WrongType)]
    [InlineData("text/at+jwt", AccessTokenFault.WrongType)]
    [InlineData("", AccessTokenFault.WrongType)]
    [InlineData(null, AccessTokenFault.WrongType)]
    public void Section3_4_the_type_is_explicit(string? type, AccessTokenFault fault)
    {
        var header = TokenForge.Header();
        header.Remove("typ");
        if (type is not null)
        {
            header["typ"] = type;
        }

        Assert.Equal(fault, forge.FaultOf(forge.Sign(header)));
    }

    [Theory]
    [InlineData(-1, AccessTokenFault.None)]
    [InlineData(0, AccessTokenFault.Expired)]
    [InlineData(1, AccessTokenFault.Expired)]
    public void Section3_4_expiry_is_exact_at_our_own_doors(int secondsAfter, AccessTokenFault fault)
    {
        forge.Time.AdjustTime(TokenForge.Now.AddSeconds(300 + secondsAfter));
        var result = forge.Validate(forge.Sign());
        Assert.Equal(fault, result.Fault);
        Assert.Equal("j1", result.Token!.TokenId);
    }

    [Theory]
    [InlineData(59, AccessTokenFault.None)]
    [InlineData(60, AccessTokenFault.Expired)]
    public void Section3_4_a_verifier_elsewhere_may_allow_a_minute(int secondsAfter, AccessTokenFault fault)
    {
        forge.Time.AdjustTime(TokenForge.Now.AddSeconds(300 + secondsAfter));
        var lenient = new AccessTokenValidator(TokenForge.Issuer, forge.Time) { ClockSkew = TimeSpan.FromSeconds(60) };
        Assert.Equal(fault, forge.Validate(forge.Sign(), lenient).Fault);
    }

    [Fact]
    public void Section3_4_nobody_allows_more_than_a_minute()
    {
        foreach (var skew in new[] { TimeSpan.FromSeconds(61), TimeSpan.FromTicks(-1) })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new AccessTokenValidator("x", forge.Time) { ClockSkew = skew });
            Assert.Throws<ArgumentOutOfRangeException>(() => new AccessTokenValidator("x", forge.Time) { MaxFutureIat = skew });
        }
    }

    [Theory]
    [InlineData("iat")]
    [InlineData("nbf")]
    public void Section3_4_a_token_from_the_future_waits(string claim)
    {
        var now = TokenForge.Now.ToUnixTimeSeconds();
        Assert.Equal(AccessTokenFault.None, forge.FaultWith(claim, $"{now + 60}"));
        Assert.Equal(AccessTokenFault.NotYetValid, forge.FaultWith(claim, $"{now + 61}"));
    }

    [Theory]
    [InlineData("scope", "7")]
    [InlineData("scope", "[\"a\"]")]
    [InlineData("scope", "\"a  b\"")]
    [InlineData("scope", "\" a\"")]
    [InlineData("scope", "null")]
    [InlineData("cnf", "\"x\"")]
    [InlineData("cnf", "null")]
    [InlineData("cnf", "[]")]
    [InlineData("objects", "\"repo:x\"")]
    [InlineData("objects", "[1]")]
    [InlineData("passed_scopes", "\"r\"")]
    [InlineData("passed_scopes", "[]")]
    [InlineData("passed_scopes", "{\"res_1\":1}")]
    [InlineData("passed_scopes", "{\"res_1\":\"r  w\"}")]
    [InlineData("passed_scopes", "{\"res_1\":null}")]
    [InlineData("credential_id", "7")]
    [InlineData("nbf", "\"1\"")]
    public void Section3_4_an_optional_claim_has_its_type(string claim, string json) =>
        Assert.Equal(AccessTokenFault.InvalidClaims, forge.FaultWith(claim, json));

    [Fact]
    public void Section3_4_without_scope_there_are_no_scopes()
    {
        var claims = TokenForge.Claims();
        claims.Remove("scope");
        Assert.True(forge.Validate(forge.Sign(claims: claims)).Token!.Scope.IsEmpty);
        Assert.Equal(AccessTokenFault.None, forge.FaultWith("scope", "\"\""));
    }

    [Fact]
    public void Section3_4_unknown_claims_are_ignored() =>
        Assert.Equal(AccessTokenFault.None, forge.FaultWith("https://example.com/x", "{\"deep\":[1,2,{\"er\":null}]}"));

    [Theory]
    [InlineData("\"iss\":\"https://tokenry.example.com\",\"is\\u0073\":\"https://evil.example.com\"")]
    [InlineData("\"exp\":1,\"exp\":4000000000")]
    [InlineData("\"x\":\"\\ud800\"")]
    [InlineData("\"x\":[[[[[[[[1]]]]]]]]")]
    [InlineData("\"x\":1,")]
    [InlineData("/* x */\"x\":1")]
    public void Section3_4_a_payload_has_one_reading(string members)
    {
        var rest = TokenForge.Claims();
        rest.Remove("iss");
        rest.Remove("exp");
        Assert.Equal(
            AccessTokenFault.Malformed,
            forge.FaultOf(forge.Sign(TokenForge.Header().ToJsonString(), $"{{{rest.ToJsonString()[1..^1]},{members}}}"))
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("{}x")]
    [InlineData("\ufeff{}")]
    public void Section3_4_a_payload_is_an_object(string payload) =>
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(forge.Sign(TokenForge.Header().ToJsonString(), payload)));

    [Fact]
    public void Section3_4_eight_thousand_bytes_are_enough()
    {
        var claims = TokenForge.Claims();
        claims["pad"] = "";
        var room = (CompactJws.MaxLength - forge.Sign(claims: claims).Length) * 3 / 4;
        claims["pad"] = new string('x', room);
        var fits = forge.Sign(claims: claims);
        Assert.InRange(fits.Length, CompactJws.MaxLength - 2, CompactJws.MaxLength);
        Assert.Equal(AccessTokenFault.None, forge.FaultOf(fits));

        claims["pad"] = new string('x', room + 3);
        var longer = forge.Sign(claims: claims);
        Assert.InRange(longer.Length, CompactJws.MaxLength + 1, CompactJws.MaxLength + 5);
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(longer));
        Assert.Equal(
            AccessTokenFault.Malformed,
            forge.Validator.Validate(System.Text.Encoding.ASCII.GetBytes(longer), _ => forge.Key).Fault
        );
    }

    [Fact]
    public void Every_change_of_one_character_is_refused()
    {
        var token = forge.Sign().ToCharArray();
        for (var place = 0; place < token.Length; place++)
        {
            var original = token[place];
            foreach (var other in "AQgw9-_.=+/ \n")
            {
                token[place] = other;
                Assert.True(other == original || !forge.Validate(new string(token)).IsValid, $"{other} at {place}");
            }

            token[place] = original;
        }
    }

    [Fact]
    public void Every_prefix_and_surrounding_is_refused()
    {
        var token = forge.Sign();
        for (var length = 0; length < token.Length; length++)
        {
            Assert.False(forge.Validate(token[..length]).IsValid);
        }

        foreach (var around in new[] { " ", "\n", "\t", ".", "=", "A", "\"", "\0" })
        {
            Assert.False(forge.Validate(token + around).IsValid);
            Assert.False(forge.Validate(around + token).IsValid);
        }
    }

    [Fact]
    public void No_text_makes_it_throw() => Prop.ForAll<string?>(text => !forge.Validate(text ?? "").IsValid).QuickCheckThrowOnFailure();

    [Fact]
    public void No_header_and_payload_make_it_throw() =>
        Prop.ForAll<string?, string?>((header, payload) => !forge.Validate(forge.Sign(header ?? "", payload ?? "")).IsValid)
            .QuickCheckThrowOnFailure();

    [Fact]
    public void No_signed_bytes_make_it_throw() =>
        Prop.ForAll<byte[]>(payload =>
            {
                var input = $"{TokenForge.Part(TokenForge.Header().ToJsonString())}.{StrictBase64Url.Encode(payload)}";
                var signature = forge.Ecdsa.SignData(
                    System.Text.Encoding.ASCII.GetBytes(input),
                    System.Security.Cryptography.HashAlgorithmName.SHA256
                );
                return !forge.Validate($"{input}.{StrictBase64Url.Encode(signature)}").IsValid;
            })
            .QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Junk.Characters), MemberType = typeof(Junk))]
    public void Row21_long_junk_is_refused(char character)
    {
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(Junk.Of(character)));
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(forge.Sign() + Junk.Of(character)));
        Assert.Equal(0, forge.LookUps);
    }

    [Fact]
    public void Many_threads_share_one_key()
    {
        var token = forge.Sign();
        Parallel.For(0, 500, _ => Assert.True(forge.Validator.Validate(token, _ => forge.Key).IsValid));
    }
}
