using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

/// <summary>Another issuer's token stands for an application only as it is: its kind, its key, its audience, its subject, its claims, its time.</summary>
public sealed class FederatedTokenValidatorTests : IDisposable
{
    private const string Issuer = "https://token.actions.githubusercontent.com";
    private const string Audience = "https://tokenry.example.com";

    private static readonly FederatedTrust Trust = new(
        Issuer,
        Audience,
        Pattern("repo:acme/web:ref:refs/heads/*", 2),
        [
            new(Path("repository_owner_id"), Pattern("65", 1)),
            new(Path("/kubernetes.io/serviceaccount/name"), Pattern("deployer", 1)),
            new(Path("protected"), Pattern("true", 1)),
        ]
    );

    private readonly TokenForge forge = new();

    public void Dispose() => forge.Dispose();

    [Fact]
    public void A_good_token_says_whom_it_means_and_when_it_ends()
    {
        var result = Validate(Signed());
        Assert.True(result.IsValid, result.Fault.ToString());
        Assert.Equal(new FederatedToken("repo:acme/web:ref:refs/heads/main", TokenForge.Now.AddMinutes(5), null), result.Token);
        Assert.True(FederatedTokenValidator.TryReadIssuer(Signed(), out var issuer, out var keyId));
        Assert.Equal((Issuer, TokenForge.KeyId), (issuer, keyId));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("JWT", true)]
    [InlineData("jwt", true)]
    [InlineData("application/jwt", true)]
    [InlineData("at+jwt", false)]
    [InlineData("application/at+jwt", false)]
    [InlineData("dpop+jwt", false)]
    [InlineData("client-authentication+jwt", false)]
    [InlineData("logout+jwt", false)]
    [InlineData("", false)]
    public void A_token_of_another_kind_is_not_taken(string? type, bool isTaken) =>
        Assert.Equal(isTaken ? FederatedTokenFault.None : FederatedTokenFault.WrongType, Validate(Signed(type: type)).Fault);

    [Theory]
    [InlineData("iss", "\"https://token.actions.githubusercontent.com/\"", FederatedTokenFault.WrongIssuer)]
    [InlineData("iss", null, FederatedTokenFault.InvalidClaims)]
    [InlineData("iss", "7", FederatedTokenFault.InvalidClaims)]
    [InlineData("aud", "\"https://other.example.com\"", FederatedTokenFault.WrongAudience)]
    [InlineData("aud", "[\"https://other.example.com\",\"https://tokenry.example.com/\"]", FederatedTokenFault.WrongAudience)]
    [InlineData("aud", "[\"https://other.example.com\",\"https://tokenry.example.com\"]", FederatedTokenFault.None)]
    [InlineData("aud", "{\"https://tokenry.example.com\":1}", FederatedTokenFault.WrongAudience)]
    [InlineData("aud", null, FederatedTokenFault.WrongAudience)]
    [InlineData("sub", "\"repo:acme/other:ref:refs/heads/main\"", FederatedTokenFault.WrongSubject)]
    [InlineData("sub", "\"repo:acme/web:pull_request\"", FederatedTokenFault.WrongSubject)]
    [InlineData("sub", null, FederatedTokenFault.InvalidClaims)]
    [InlineData("sub", "[\"repo:acme/web:ref:refs/heads/main\"]", FederatedTokenFault.InvalidClaims)]
    [InlineData("repository_owner_id", "65", FederatedTokenFault.None)] // a number in its digits
    [InlineData("repository_owner_id", "65.0", FederatedTokenFault.WrongClaim)]
    [InlineData("repository_owner_id", "6.5e1", FederatedTokenFault.WrongClaim)]
    [InlineData("repository_owner_id", "\"66\"", FederatedTokenFault.WrongClaim)]
    [InlineData("repository_owner_id", "[\"65\"]", FederatedTokenFault.WrongClaim)]
    [InlineData("repository_owner_id", "null", FederatedTokenFault.WrongClaim)]
    [InlineData("repository_owner_id", null, FederatedTokenFault.WrongClaim)]
    [InlineData("protected", "\"true\"", FederatedTokenFault.None)]
    [InlineData("protected", "false", FederatedTokenFault.WrongClaim)]
    [InlineData("kubernetes.io", "{\"serviceaccount\":{\"name\":\"other\"}}", FederatedTokenFault.WrongClaim)]
    [InlineData("kubernetes.io", "{\"serviceaccount\":[\"name\"]}", FederatedTokenFault.WrongClaim)]
    [InlineData("kubernetes.io", "\"serviceaccount\"", FederatedTokenFault.WrongClaim)]
    [InlineData("exp", null, FederatedTokenFault.InvalidClaims)]
    [InlineData("exp", "\"4102444800\"", FederatedTokenFault.InvalidClaims)]
    [InlineData("nbf", "1e10", FederatedTokenFault.NotYetValid)]
    [InlineData("cnf", "{\"jkt\":\"x\"}", FederatedTokenFault.InvalidClaims)]
    [InlineData("may_act", "\"app_1\"", FederatedTokenFault.InvalidClaims)]
    public void Each_claim_is_held_to_the_trust(string claim, string? json, FederatedTokenFault fault) =>
        Assert.Equal(fault, Validate(Signed(claims => Set(claims, claim, json))).Fault);

    [Theory]
    [InlineData("exp", 0, FederatedTokenFault.Expired)]
    [InlineData("exp", -1, FederatedTokenFault.Expired)]
    [InlineData("exp", 1, FederatedTokenFault.None)]
    [InlineData("exp", 24 * 3600, FederatedTokenFault.None)]
    [InlineData("exp", 24 * 3600 + 61, FederatedTokenFault.TooLongLived)]
    [InlineData("nbf", 60, FederatedTokenFault.None)]
    [InlineData("nbf", 61, FederatedTokenFault.NotYetValid)]
    [InlineData("iat", 61, FederatedTokenFault.NotYetValid)]
    public void Time_is_looked_at(string claim, int seconds, FederatedTokenFault fault) =>
        Assert.Equal(fault, Validate(Signed(claims => claims[claim] = TokenForge.Now.ToUnixTimeSeconds() + seconds)).Fault);

    [Fact]
    public void The_algorithm_is_the_keys()
    {
        var none = TokenForge.Sign("""{"alg":"none","kid":"k1"}""", Claims().ToJsonString(), _ => []);
        Assert.Equal(FederatedTokenFault.Malformed, Validate(none).Fault);
        var hmac = TokenForge.Sign(
            """{"alg":"HS256","kid":"k1"}""",
            Claims().ToJsonString(),
            input => HMACSHA256.HashData(forge.Ecdsa.ExportSubjectPublicKeyInfo(), input)
        );
        Assert.Equal(FederatedTokenFault.Malformed, Validate(hmac).Fault);
        using var foreign = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var forged = TokenForge.Sign(
            Header().ToJsonString(),
            Claims().ToJsonString(),
            input => foreign.SignData(input, HashAlgorithmName.SHA256)
        );
        Assert.Equal(FederatedTokenFault.BadSignature, Validate(forged).Fault);
        var otherAlgorithm = Header();
        otherAlgorithm["alg"] = "ES384";
        Assert.Equal(FederatedTokenFault.BadSignature, Validate(forge.Sign(otherAlgorithm, Claims())).Fault);
    }

    [Fact]
    public void A_key_is_named()
    {
        var nameless = Header();
        nameless.Remove("kid");
        Assert.Equal(FederatedTokenFault.UnknownKey, Validate(forge.Sign(nameless, Claims())).Fault);
        var other = Header();
        other["kid"] = "k2";
        Assert.Equal(FederatedTokenFault.UnknownKey, Validate(forge.Sign(other, Claims())).Fault);
    }

    [Theory]
    [InlineData("sub", true)]
    [InlineData("/a", true)]
    [InlineData("/a~1b/c~0d", true)]
    [InlineData("kubernetes.io", true)]
    [InlineData("", false)]
    [InlineData("/", false)]
    [InlineData("/a/", false)]
    [InlineData("//a", false)]
    [InlineData("/a~", false)]
    [InlineData("/a~2", false)]
    public void A_path_is_a_name_or_a_pointer(string text, bool isPath) => Assert.Equal(isPath, ClaimPath.TryParse(text, out _));

    [Fact]
    public void A_pointer_is_read_as_RFC_6901_has_it()
    {
        using var document = JsonDocument.Parse("""{"a/b":{"m~n":"deep"},"a":{"b":"other"},"~1":"tilde"}""");
        Assert.True(Path("/a~1b/m~0n").TryFind(document.RootElement, out var deep));
        Assert.Equal("deep", deep);
        Assert.True(Path("/~01").TryFind(document.RootElement, out var tilde));
        Assert.Equal("tilde", tilde);
        Assert.False(Path("a/b").TryFind(document.RootElement, out _)); // a name, of an object
    }

    private static ClaimPattern Pattern(string text, int literal) =>
        ClaimPattern.TryParse(text, literal, out var pattern) ? pattern : throw new InvalidOperationException(text);

    private static ClaimPath Path(string text) => ClaimPath.TryParse(text, out var path) ? path : throw new InvalidOperationException(text);

    private static JsonObject Header() =>
        new()
        {
            ["typ"] = "JWT",
            ["alg"] = "ES256",
            ["kid"] = TokenForge.KeyId,
        };

    private static JsonObject Claims() =>
        new()
        {
            ["iss"] = Issuer,
            ["sub"] = "repo:acme/web:ref:refs/heads/main",
            ["aud"] = Audience,
            ["exp"] = TokenForge.Now.ToUnixTimeSeconds() + 300,
            ["iat"] = TokenForge.Now.ToUnixTimeSeconds(),
            ["repository_owner_id"] = "65",
            ["protected"] = true,
            ["kubernetes.io"] = new JsonObject { ["serviceaccount"] = new JsonObject { ["name"] = "deployer" } },
        };

    private static void Set(JsonObject claims, string claim, string? json)
    {
        claims.Remove(claim);
        if (json is not null)
            claims[claim] = JsonNode.Parse(json);
    }

    private FederatedTokenResult Validate(string token) =>
        new FederatedTokenValidator(forge.Time).Validate(token, Trust, keyId => keyId == TokenForge.KeyId ? [forge.Key] : []);

    private string Signed(Action<JsonObject>? change = null, string? type = "JWT")
    {
        var (header, claims) = (Header(), Claims());
        if (type is null)
            header.Remove("typ");
        else
            header["typ"] = type;
        change?.Invoke(claims);
        return forge.Sign(header, claims);
    }
}
