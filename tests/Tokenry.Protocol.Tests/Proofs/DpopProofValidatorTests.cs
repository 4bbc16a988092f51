using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;
using Tokenry.Protocol.Tests.Jose;
using Tokenry.Protocol.Tests.Vectors;

namespace Tokenry.Protocol.Tests.Proofs;

/// <summary>RFC 9449 §4.3, step by step; the numbers in the names are its steps.</summary>
public sealed class DpopProofValidatorTests : IDisposable
{
    private const string Address = "https://api.example.com/v1/invoices";
    private const string Token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

    private static readonly DateTimeOffset Now = TokenForge.Now;

    private readonly ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly FakeTimeProvider time = new(Now);

    public void Dispose() => ecdsa.Dispose();

    [Theory]
    [InlineData("token", false)]
    [InlineData("resource", true)]
    public void The_proofs_printed_in_the_RFC_are_good(string name, bool hasToken)
    {
        var example = VectorFile.Read("rfc-jose/self-verified.json").GetProperty("rfc9449");
        time.AdjustTime(DateTimeOffset.FromUnixTimeSeconds(example.GetProperty($"{name}_iat").GetInt64()));
        var request = new DpopRequest(example.Text($"{name}_htm"), new Uri(example.Text($"{name}_htu")))
        {
            AccessToken = hasToken ? example.Text("access_token") : null,
            BoundTo = example.Text("jkt"),
        };
        var result = new DpopProofValidator(time).Validate(example.Text($"{name}_request_proof"), request);
        Assert.True(result.IsValid, result.Fault.ToString());
        Assert.Equal(example.Text("jkt"), result.Proof.Thumbprint);
        Assert.Equal(request.Uri.AbsoluteUri, result.Proof.Uri);
    }

    [Theory]
    [InlineData("jti", null)]
    [InlineData("jti", "7")]
    [InlineData("jti", "\"\"")]
    [InlineData("htm", null)]
    [InlineData("htm", "[]")]
    [InlineData("htu", null)]
    [InlineData("htu", "7")]
    [InlineData("iat", null)]
    [InlineData("iat", "\"1\"")]
    [InlineData("iat", "-1.5")]
    [InlineData("ath", "7")]
    [InlineData("nonce", "{}")]
    [InlineData("exp", "true")]
    [InlineData("nbf", "\"x\"")]
    public void Step_3_every_claim_is_there_and_of_its_type(string claim, string? json) =>
        Assert.Equal(DpopFault.InvalidClaims, Judge(With(Claims(), claim, json)));

    [Theory]
    [InlineData(256, DpopFault.None)]
    [InlineData(257, DpopFault.InvalidClaims)]
    public void Step_3_a_token_id_has_up_to_256_characters(int length, DpopFault fault) =>
        Assert.Equal(fault, Judge(With(Claims(), "jti", $"\"{new string('j', length)}\"")));

    [Theory]
    [InlineData("\"dpop+jwt\"", DpopFault.None)]
    [InlineData("\"DPoP+JWT\"", DpopFault.None)]
    [InlineData("\"at+jwt\"", DpopFault.WrongType)]
    [InlineData("\"JWT\"", DpopFault.WrongType)]
    [InlineData("\"client-authentication+jwt\"", DpopFault.WrongType)]
    [InlineData(null, DpopFault.WrongType)]
    [InlineData("7", DpopFault.Malformed)]
    public void Step_4_the_type_is_explicit(string? json, DpopFault fault) => Assert.Equal(fault, JudgeHeader("typ", json));

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    [InlineData("EdDSA")]
    public void Step_5_other_algorithms_are_refused(string algorithm) =>
        Assert.Equal(DpopFault.Malformed, JudgeHeader("alg", $"\"{algorithm}\""));

    [Fact]
    public void Step_5_the_key_is_of_the_algorithm() => Assert.Equal(DpopFault.InvalidKey, JudgeHeader("alg", "\"RS256\""));

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS256")]
    public void Step_5_rsa_keys_take_the_algorithm_of_the_header(string algorithm)
    {
        using var rsa = RSA.Create(2048);
        var padding = algorithm == "PS256" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
        var other = algorithm == "PS256" ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss;
        var jwk = TokenForge.Written(writer => JsonWebKey.WritePublic(writer, "k", algorithm, rsa));
        var header = new JsonObject
        {
            ["typ"] = "dpop+jwt",
            ["alg"] = algorithm,
            ["jwk"] = jwk.DeepClone(),
        };
        Assert.Equal(DpopFault.None, Judge(Signed(header, Claims(), data => rsa.SignData(data, HashAlgorithmName.SHA256, padding))));
        Assert.Equal(DpopFault.BadSignature, Judge(Signed(header, Claims(), data => rsa.SignData(data, HashAlgorithmName.SHA256, other))));
        jwk.Remove("alg");
        header["jwk"] = jwk;
        Assert.Equal(DpopFault.None, Judge(Signed(header, Claims(), data => rsa.SignData(data, HashAlgorithmName.SHA256, padding))));
    }

    [Fact]
    public void Step_6_the_signature_is_the_keys()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal(DpopFault.BadSignature, Judge(Signed(Header(), Claims(), data => other.SignData(data, HashAlgorithmName.SHA256))));
        var good = Signed(Header(), Claims());
        Assert.Equal(DpopFault.BadSignature, Judge(good[..(good.LastIndexOf('.') + 1)]));
    }

    [Theory]
    [InlineData(null, DpopFault.Malformed)]
    [InlineData("\"x\"", DpopFault.Malformed)]
    [InlineData("{}", DpopFault.InvalidKey)]
    [InlineData("{\"kty\":\"oct\",\"k\":\"AAAA\"}", DpopFault.InvalidKey)]
    public void Step_7_there_is_a_key(string? json, DpopFault fault) => Assert.Equal(fault, JudgeHeader("jwk", json));

    [Theory]
    [InlineData("d")]
    [InlineData("p")]
    [InlineData("q")]
    [InlineData("dp")]
    [InlineData("dq")]
    [InlineData("qi")]
    [InlineData("oth")]
    [InlineData("k")]
    public void Step_7_the_key_has_no_private_part(string member)
    {
        var header = Header();
        header["jwk"]![member] = "AA";
        Assert.Equal(DpopFault.InvalidKey, Judge(Signed(header, Claims())));
    }

    [Theory]
    [InlineData("jku")]
    [InlineData("x5u")]
    [InlineData("x5c")]
    [InlineData("crit")]
    [InlineData("b64")]
    [InlineData("zip")]
    public void Step_7_keys_come_from_nowhere_else(string member) => Assert.Equal(DpopFault.Malformed, JudgeHeader(member, "\"x\""));

    [Theory]
    [InlineData("POST", DpopFault.None)]
    [InlineData("post", DpopFault.WrongMethod)]
    [InlineData("GET", DpopFault.WrongMethod)]
    public void Step_8_the_method_is_exact(string method, DpopFault fault) =>
        Assert.Equal(fault, Judge(With(Claims(), "htm", $"\"{method}\"")));

    [Theory]
    [InlineData("https://api.example.com/v1/invoices", DpopFault.None)]
    [InlineData("HTTPS://API.Example.COM:443/v1/invoices", DpopFault.None)]
    [InlineData("https://api.example.com/v1/./x/../invoices", DpopFault.None)]
    [InlineData("https://api.example.com/v1/invoices?limit=5#top", DpopFault.None)]
    [InlineData("https://api.example.com/v1/Invoices", DpopFault.WrongUri)]
    [InlineData("https://api.example.com/v1/invoices/", DpopFault.WrongUri)]
    [InlineData("https://api.example.com:8443/v1/invoices", DpopFault.WrongUri)]
    [InlineData("http://api.example.com/v1/invoices", DpopFault.WrongUri)]
    [InlineData("https://evil.example.com/v1/invoices", DpopFault.WrongUri)]
    [InlineData("https://user@api.example.com/v1/invoices", DpopFault.WrongUri)]
    [InlineData("/v1/invoices", DpopFault.WrongUri)]
    [InlineData("file:///v1/invoices", DpopFault.WrongUri)]
    [InlineData("not an address", DpopFault.WrongUri)]
    public void Step_9_the_address_is_the_same_in_normal_form(string address, DpopFault fault) =>
        Assert.Equal(fault, Judge(With(Claims(), "htu", JsonSerializer.Serialize(address))));

    [Theory]
    [InlineData("n1", DpopFault.None)]
    [InlineData("n2", DpopFault.NonceNeeded)]
    [InlineData(null, DpopFault.NonceNeeded)]
    public void Step_10_a_nonce_that_is_asked_for_is_needed(string? nonce, DpopFault fault)
    {
        var claims = With(Claims(), "nonce", nonce is null ? null : $"\"{nonce}\"");
        Assert.Equal(fault, Judge(Signed(Header(), claims), Request() with { TakesNonce = seen => seen == "n1" }));
        Assert.Equal(DpopFault.None, Judge(claims));
    }

    [Theory]
    [InlineData("iat", -10, DpopFault.None)]
    [InlineData("iat", 10, DpopFault.None)]
    [InlineData("iat", -90, DpopFault.None)]
    [InlineData("iat", -91, DpopFault.Expired)]
    [InlineData("iat", -3600, DpopFault.Expired)]
    [InlineData("iat", 30, DpopFault.None)]
    [InlineData("iat", 31, DpopFault.NotYetValid)]
    [InlineData("iat", 3600, DpopFault.NotYetValid)]
    [InlineData("exp", -29, DpopFault.None)]
    [InlineData("exp", -30, DpopFault.Expired)]
    [InlineData("nbf", 30, DpopFault.None)]
    [InlineData("nbf", 31, DpopFault.NotYetValid)]
    public void Step_11_a_proof_is_young(string claim, int seconds, DpopFault fault) =>
        Assert.Equal(fault, Judge(With(Claims(), claim, JsonSerializer.Serialize(Now.AddSeconds(seconds).ToUnixTimeSeconds()))));

    [Fact]
    public void Step_12_the_token_beside_it_is_hashed_and_bound_to_the_key()
    {
        using var key = new VerificationKey("k", ecdsa);
        var request = Request() with { AccessToken = Token, BoundTo = key.Thumbprint() };
        var claims = With(Claims(), "ath", $"\"{StrictBase64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(Token)))}\"");
        Assert.Equal(DpopFault.None, Judge(Signed(Header(), claims), request));
        Assert.Equal(DpopFault.WrongAccessToken, Judge(Signed(Header(), Claims()), request));
        Assert.Equal(DpopFault.WrongAccessToken, Judge(Signed(Header(), claims), request with { AccessToken = Token + "x" }));
        Assert.Equal(DpopFault.WrongKey, Judge(Signed(Header(), claims), request with { BoundTo = new string('A', 43) }));
    }

    // Keycloak 43505: a proof whose record is forgotten before its age refuses it can be used twice.
    [Fact]
    public void Step_13_a_proof_is_to_be_kept_for_as_tooLongas_it_is_good() =>
        Prop.ForAll(
                Gen.Choose(-90, 30).ToArbitrary(),
                seconds =>
                {
                    time.AdjustTime(Now);
                    var proof = Signed(
                        Header(),
                        With(Claims(), "iat", JsonSerializer.Serialize(Now.AddSeconds(seconds).ToUnixTimeSeconds()))
                    );
                    var keepUntil = new DpopProofValidator(time).Validate(proof, Request()).Proof!.KeepUntil;
                    time.AdjustTime(keepUntil);
                    return keepUntil > Now && Judge(proof) == DpopFault.Expired;
                }
            )
            .QuickCheckThrowOnFailure();

    /// <summary>Keys are remembered; whose proof it is, is verified each time.</summary>
    [Fact]
    public void Step_6_a_key_that_was_seen_before_must_have_signed_this_proof_too()
    {
        var validator = new DpopProofValidator(time);
        var good = validator.Validate(Signed(Header(), Claims()), Request());
        Assert.True(good.IsValid);
        using var foreign = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var forged = Signed(Header(), Claims(), data => foreign.SignData(data, HashAlgorithmName.SHA256));
        Assert.Equal(DpopFault.BadSignature, validator.Validate(forged, Request()).Fault);
        var next = validator.Validate(
            Signed(Header(), With(Claims(), "jti", "\"j2\"")),
            Request() with
            {
                BoundTo = good.Proof!.Thumbprint,
            }
        );
        Assert.Equal(good.Proof.Thumbprint, next.Proof!.Thumbprint);
        Assert.Equal(DpopFault.WrongType, validator.Validate(Signed(With(Header(), "typ", "\"jwt\""), Claims()), Request()).Fault);
        Assert.Equal(DpopFault.InvalidKey, validator.Validate(Signed(With(Header(), "alg", "\"RS256\""), Claims()), Request()).Fault);
    }

    /// <summary>B.3: the two cases of an escape are one (RFC 3986 §6.2.2.1), and neither is what it stands for.</summary>
    [Theory]
    [InlineData("https://api.example.com/a%2fb%C3%a9", "https://api.example.com/a%2Fb%c3%A9", DpopFault.None)]
    [InlineData("https://api.example.com/a%2Fb", "https://api.example.com/a%2fb", DpopFault.None)]
    [InlineData("https://api.example.com/a%2fb", "https://api.example.com/a/b", DpopFault.WrongUri)]
    [InlineData("https://api.example.com/%3A", "https://api.example.com/%3b", DpopFault.WrongUri)]
    [InlineData("HTTPS://API.example.com:443/%7e", "https://api.example.com/~", DpopFault.None)]
    [InlineData("https://api.example.com", "https://api.example.com/", DpopFault.None)]
    public void B3_the_case_of_escapes_is_no_difference(string said, string asked, DpopFault fault)
    {
        var proof = Signed(Header(), With(Claims(), "htu", $"\"{said}\""));
        Assert.Equal(fault, Judge(proof, new DpopRequest("POST", new Uri(asked))));
    }

    [Theory]
    [InlineData("\"application/dpop+jwt\"", DpopFault.None)] // RFC 7515 §4.1.9: application/ may be left out, or not
    [InlineData("\"DPoP+JWT\"", DpopFault.None)]
    [InlineData("\"text/dpop+jwt\"", DpopFault.WrongType)]
    public void B3_a_type_is_a_media_type(string json, DpopFault fault) => Assert.Equal(fault, JudgeHeader("typ", json));

    [Fact]
    public void B3_a_time_may_have_a_fraction() =>
        Assert.Equal(DpopFault.None, Judge(With(Claims(), "iat", $"{Now.ToUnixTimeSeconds()}.25")));

    [Fact]
    public void Step_13_key_address_and_token_id_tell_proofs_apart()
    {
        var proof = new DpopProof("t", "j", "u", Now);
        Assert.Equal(proof.ReplayKey(), (proof with { KeepUntil = Now.AddDays(1) }).ReplayKey());
        DpopProof[] others = [proof with { Thumbprint = "x" }, proof with { TokenId = "x" }, proof with { Uri = "x" }];
        Assert.Equal(4, others.Append(proof).Select(one => Convert.ToHexString(one.ReplayKey())).Distinct().Count());
    }

    [Fact]
    public void A_proof_has_up_to_4_KiB()
    {
        var tooLong = Signed(Header(), With(Claims(), "padding", $"\"{new string('x', 4096)}\""));
        Assert.Equal(DpopFault.Malformed, Judge(tooLong));
        Assert.Equal(DpopFault.None, Judge(With(Claims(), "padding", $"\"{new string('x', 1024)}\"")));
    }

    [Fact]
    public void No_text_makes_it_throw() => Prop.ForAll<string?>(text => Judge(text ?? "") != DpopFault.None).QuickCheckThrowOnFailure();

    private static DpopRequest Request() => new("POST", new Uri(Address));

    private static JsonObject Claims() =>
        new()
        {
            ["jti"] = "j1",
            ["htm"] = "POST",
            ["htu"] = Address,
            ["iat"] = Now.ToUnixTimeSeconds(),
        };

    private static JsonObject With(JsonObject members, string member, string? json)
    {
        members.Remove(member);
        if (json is not null)
        {
            members[member] = JsonNode.Parse(json);
        }

        return members;
    }

    private JsonObject Header() =>
        new()
        {
            ["typ"] = "dpop+jwt",
            ["alg"] = "ES256",
            ["jwk"] = TokenForge.Written(writer => JsonWebKey.WritePublic(writer, "k", "ES256", ecdsa)),
        };

    private static string Signed(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign) =>
        TokenForge.Sign(header.ToJsonString(), claims.ToJsonString(), sign);

    private string Signed(JsonObject header, JsonObject claims) =>
        Signed(header, claims, data => ecdsa.SignData(data, HashAlgorithmName.SHA256));

    private DpopFault JudgeHeader(string member, string? json) => Judge(Signed(With(Header(), member, json), Claims()));

    private DpopFault Judge(JsonObject claims) => Judge(Signed(Header(), claims));

    private DpopFault Judge(string proof) => Judge(proof, Request());

    private DpopFault Judge(string proof, DpopRequest request)
    {
        var result = new DpopProofValidator(time).Validate(proof, request);
        Assert.Equal(result.Fault == DpopFault.None, result.IsValid);
        return result.Fault;
    }
}
