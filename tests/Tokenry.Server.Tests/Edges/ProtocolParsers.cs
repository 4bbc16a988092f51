using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;

namespace Tokenry.Server.Tests.Edges;

/// <summary>The parsers that both ends of the wire share.</summary>
internal static class ProtocolParsers
{
    private const string Issuer = "https://tokens.example.com";
    private const string KeyId = "k1";

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly VerificationKey Verification = new(KeyId, Key);
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private static readonly TimeProvider Clock = new FakeTimeProvider(Now); // proofs age while thousands of texts are tried
    private static readonly AccessTokenValidator Validator = new(Issuer, TimeProvider.System);

    public static IEnumerable<Parser> All =>
        [
            new("CredentialString", ReadCredential, CredentialString.Create("tkr", "key", 7, new byte[32]).Reveal()) { HasOneForm = true },
            new(
                "PublicId",
                text => PublicId.TryParse(text, "key", out var id) ? PublicId.Create("key", id) : null,
                PublicId.Create("key", 7)
            )
            {
                HasOneForm = true,
            },
            new(
                "PublicId without prefix",
                text => PublicId.TryDecode(text, out var id) ? PublicId.Encode(id) : null,
                PublicId.Encode(UInt128.MaxValue)
            )
            {
                HasOneForm = true,
            },
            new(
                "ObjectPattern",
                text => ObjectPattern.TryParse(text, out var pattern) ? pattern.ToString() : null,
                "repo:acme/*",
                "base:app1"
            )
            {
                HasOneForm = true,
            },
            new("Object", text => ObjectPattern.IsValidObject(text) ? text : null, "repo:acme/web") { HasOneForm = true },
            new("ScopeName", text => ScopeName.IsValid(text) ? text : null, "invoices:read", "https://a.example.com/read")
            {
                HasOneForm = true,
            },
            new(
                "ScopeSet",
                text => ScopeSet.TryParse(text, out var scopes) ? scopes.ToString() : null,
                "invoices:read users:write a b",
                "a"
            ),
            new(
                "StrictBase64Url",
                text => StrictBase64Url.TryDecode(text, out byte[]? bytes) ? StrictBase64Url.Encode(bytes) : null,
                "AAECAwQ",
                "_-8"
            )
            {
                HasOneForm = true,
            },
            new("StrictJson", ReadJson, """{"a":"b","c":[1,2.5,true,null],"d":{"é":"\u0061"}}"""),
            new("JwsHeader", text => JwsHeader.TryParse(Bytes(text), out var header) ? Write(header) : null, Header),
            new("CompactJws", ReadJws, Sign(Header, Claims)) { HasOneForm = true },
            new("AccessTokenValidator", ReadToken, Sign(Header, Claims)) { HasOneForm = true },
            // The signature holds: everything behind it is exposed.
            new("AccessTokenValidator: signed claims", text => ReadToken(Sign(Header, text)) is null ? null : text, Claims),
            new("AccessTokenValidator: signed header", text => ReadToken(Sign(text, Claims)) is null ? null : text, Header),
            new("ClientAssertionValidator", ReadAssertion, Sign(AssertionHeader, AssertionClaims)) { HasOneForm = true },
            new(
                "ClientAssertionValidator: signed claims",
                text => ReadAssertion(Sign(AssertionHeader, text)) is null ? null : text,
                AssertionClaims
            ),
            new(
                "ClaimPattern",
                text => ClaimPattern.TryParse(text, 2, out var pattern) ? pattern.ToString() : null,
                "repo:acme/web:ref:refs/heads/*",
                "a:b/*"
            )
            {
                HasOneForm = true,
            },
            new(
                "ClaimPattern: what is matched",
                text => ClaimPattern.TryParse("repo:acme/*:ref:refs/heads/v*", 2, out var pattern) && pattern.Matches(text) ? text : null,
                "repo:acme/web:ref:refs/heads/v1"
            ),
            new(
                "ClaimPath",
                text => ClaimPath.TryParse(text, out var path) ? path.ToString() : null,
                "repository_id",
                "/kubernetes.io/a~1b"
            )
            {
                HasOneForm = true,
            },
            new("FederatedTokenValidator", ReadFederated, Sign(FederatedHeader, FederatedClaims)) { HasOneForm = true },
            new(
                "FederatedTokenValidator: signed claims",
                text => ReadFederated(Sign(FederatedHeader, text)) is null ? null : text,
                FederatedClaims
            ),
            new(
                "FederatedTokenValidator: whose it claims to be",
                text => FederatedTokenValidator.TryReadIssuer(text, out _, out _) ? text : null,
                Sign(FederatedHeader, FederatedClaims)
            ),
            new("DpopProofValidator", ReadProof, Sign(ProofHeader, ProofClaims)) { HasOneForm = true },
            new("DpopProofValidator: signed claims", text => ReadProof(Sign(ProofHeader, text)) is null ? null : text, ProofClaims),
            new("DpopProofValidator: signed header", text => ReadProof(Sign(text, ProofClaims)) is null ? null : text, ProofHeader),
            new("SignatureInput", ReadSignatureInput, "a=(\"@method\" \"x-a\";sf);created=1;nonce=\"a\\\"b\";p=?0;q=:AA==:;r=t/*, b=()"),
            new("MessageSignatureValidator", ReadMessageSignature, MessageInput),
            new("ContentDigest", text => ContentDigest.Matches([text], Content) ? text : null, Digest),
            new("RequestSigningKey", text => RequestSigningKey.TryParse(text, out var key) ? key.ToSecret().Reveal() : null, SigningSecret)
            {
                HasOneForm = true,
            },
            new("JsonWebKeySet", ReadKeys, KeySet()),
            new("ResourceIdentifier", ResourceIdentifier.Normalize, "HTTPS://API.example.com:443/", "urn:example:a"),
            new("Timestamp", ReadTime, "2099-01-01T00:00:00Z", "2099-01-01T01:02:03.456+02:00"),
            .. Bodies(),
        ];

    private const string Header = $$"""{"typ":"at+jwt","alg":"ES256","kid":"{{KeyId}}"}""";

    private static string Claims { get; } =
        $$"""
            {"iss":"{{Issuer}}","aud":["https://api.example.com"],"sub":"app_1","client_id":"app_1","iat":{{Now.ToUnixTimeSeconds()}},"exp":{{Now.AddHours(
                    1
                ).ToUnixTimeSeconds()}},"jti":"j","scope":"a b","objects":["repo:*"]}
            """;

    private const string AssertionHeader = $$"""{"typ":"client-authentication+jwt","alg":"ES256","kid":"{{KeyId}}"}""";

    private static string AssertionClaims { get; } =
        $$"""{"iss":"app_1","sub":"app_1","aud":"{{Issuer}}","exp":{{Now.AddMinutes(9).ToUnixTimeSeconds()}},"jti":"j"}""";

    private const string FederatedHeader = $$"""{"typ":"JWT","alg":"ES256","kid":"{{KeyId}}"}""";

    private static string FederatedClaims { get; } =
        $$"""{"iss":"https://ci.example.com","sub":"repo:acme/web","aud":["{{Issuer}}"],"exp":{{Now.AddMinutes(9).ToUnixTimeSeconds()}},"a":{"b":7} }""";

    private static readonly FederatedTrust Trust = new(
        "https://ci.example.com",
        Issuer,
        ClaimPattern.TryParse("repo:acme/*", 2, out var subject) ? subject : null!,
        [new(ClaimPath.TryParse("/a/b", out var path) ? path : null!, ClaimPattern.TryParse("7", 1, out var seven) ? seven : null!)]
    );

    private static string ProofHeader { get; } = $$"""{"typ":"dpop+jwt","alg":"ES256","jwk":{{PublicKey()}}}""";

    private static string ProofClaims { get; } =
        $$"""{"jti":"j","htm":"POST","htu":"https://tokens.example.com/oauth/token","iat":{{Now.ToUnixTimeSeconds()}},"nonce":"n"}""";

    private static string MessageInput { get; } =
        $"s=(\"@method\" \"@authority\" \"@path\" \"@query\" \"x-a\");created={Now.ToUnixTimeSeconds()};nonce=\"n\";keyid=\"k\";tag=\"tokenry-v1\"";

    private static readonly byte[] Content = [1, 2, 3];

    private static string Digest { get; } = $"{ContentDigest.Of(Content)}, {ContentDigest.Of(Content, ContentDigest.Sha512)}";

    private const string SigningSecret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    private static IEnumerable<Parser> Bodies() =>
        [
            Body<VerifyRequest>(
                """{"token":"x","api":"https://a.example.com","scopes":["a"],"object":"r:1","ip":"::1","method":"GET","path":"/"}"""
            ),
            Body<CredentialRequest>(
                """
                {"name":"n","permissions":[{"api":"https://a.example.com","scopes":["a"]}],"objects":["r:*"],"expires_at":"2099-01-01T00:00:00Z","not_before":null,"allowed_ips":["10.0.0.0/8"],"metadata":{"a":[1]}}
                """
            ),
            Body<CredentialPatch>("""{"name":"n","permissions":null,"expires_at":null,"metadata":{}}"""),
            Body<RotationRequest>("""{"overlap_seconds":60,"expires_at":"2099-01-01T00:00:00Z"}"""),
            Body<ApiResourceRequest>(
                """{"identifier":"https://a.example.com","name":"n","scopes":[{"name":"a","description":"b"}],"carriers":["bearer"],"objects_in_tokens":true,"access_token_lifetime_seconds":300}"""
            ),
            Body<FederatedIdentityRequest>(
                """
                {"name":"n","issuer":"https://ci.example.com","audience":"a","subject":"repo:acme/*","claims":{"/a/b":"c"},"jwks":{"keys":[]}}
                """
            ),
            Body<UserRequest>("""{"email":"a@example.com","name":"n","password":"long enough","roles":["r"]}"""),
        ];

    private static Parser Body<T>(string sample) => new($"JSON of {typeof(T).Name}", text => ReadBody<T>(text), sample);

    private static string? ReadBody<T>(string text)
    {
        var bytes = Bytes(text);
        if (!Utf8.IsValid(bytes)) // as Body<T> does it
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<T>(bytes, TokenryJson.Strict) is { } body
                ? JsonSerializer.Serialize(body, TokenryJson.Strict)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            return null; // all that Body<T> turns into a 400
        }
    }

    private static string? ReadCredential(string text) => CredentialString.TryParse(text, out var value) ? value.Text.ToString() : null;

    private static string? ReadJson(string text)
    {
        if (!StrictJson.TryParseObject(Bytes(text), out var document))
        {
            return null;
        }

        using (document)
        {
            return JsonSerializer.Serialize(document.RootElement, TokenryJson.Strict);
        }
    }

    private static string? ReadJws(string text) =>
        CompactJws.TryParse(Bytes(text), out var jws)
            ? $"{Encoding.UTF8.GetString(jws.SigningInput)}.{StrictBase64Url.Encode(jws.Signature)}"
            : null;

    private static string? ReadToken(string text)
    {
        var result = Validator.Validate(text, kid => kid == KeyId ? Verification : null);
        return result.IsValid ? text : null;
    }

    private static string? ReadAssertion(string text) =>
        new ClientAssertionValidator(Issuer, Clock)
            .Validate(text, "app_1", ClientAssertionRules.Strict, kid => kid == KeyId ? Verification : null)
            .IsValid
            ? text
            : null;

    private static string? ReadFederated(string text) =>
        new FederatedTokenValidator(Clock).Validate(text, Trust, kid => kid == KeyId ? [Verification] : []).IsValid ? text : null;

    private static string? ReadProof(string text) =>
        new DpopProofValidator(Clock).Validate(text, new DpopRequest("POST", new Uri("https://tokens.example.com/oauth/token"))).IsValid
            ? text
            : null;

    private static string? ReadSignatureInput(string text) =>
        SignatureInput.TryParse(text, out var inputs) ? string.Join(", ", inputs.Select(input => $"{input.Label}={input.Text}")) : null;

    /// <summary>The text stands in every field at once; whatever of it can be signed is signed, so that all that follows is exposed.</summary>
    private static string? ReadMessageSignature(string text)
    {
        var key = new RequestSigningKey(new byte[32]);
        var message = new HttpMessage("GET", "https", "a", "/", name => name == "x-a" ? [text] : [], Content.AsMemory(0, 0));
        var signed = new ArrayBufferWriter<byte>();
        if (!SignatureInput.TryParse(text, out var inputs) || inputs.Count == 0)
        {
            _ = new MessageSignatureValidator(Clock).Read([text], [text], out _);
            return null;
        }

        _ = SignatureBaseWriter.Write(message, inputs[0], signed);
        var signature = $"{inputs[0].Label}=:{Convert.ToBase64String(key.Sign(signed.WrittenSpan))}:";
        _ = new MessageSignatureValidator(Clock).Read([text], [signature], out var found);
        return found?.Verify(message, key).IsValid is true ? text : null;
    }

    private static string? ReadKeys(string text)
    {
        if (!JsonWebKeySet.TryParse(Bytes(text), out var set))
        {
            return null;
        }

        using (set)
        {
            // Only its usable keys are kept; without any, the empty set.
            return set.Keys.Count == 0 ? """{"keys":[]}""" : text;
        }
    }

    private static string? ReadTime(string text) =>
        TimestampConverter.TryParse(text, out var time) ? TimestampConverter.Format(time) : null;

    private static string Write(JwsHeader header) =>
        JsonSerializer.Serialize(
            new Dictionary<string, string?>
            {
                ["alg"] = header.Algorithm,
                ["typ"] = header.Type,
                ["kid"] = header.KeyId,
            }
                .Where(pair => pair.Value is not null)
                .ToDictionary()
        );

    private static string Sign(string header, string payload)
    {
        var input = $"{StrictBase64Url.Encode(Bytes(header))}.{StrictBase64Url.Encode(Bytes(payload))}";
        return $"{input}.{StrictBase64Url.Encode(Key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256))}";
    }

    private static string KeySet() => $$"""{"keys":[{{PublicKey()}}]}""";

    private static string PublicKey()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            JsonWebKey.WritePublic(json, KeyId, JwsAlgorithms.Es256, Key);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static byte[] Bytes(string text) => Loose.Bytes(text);
}
