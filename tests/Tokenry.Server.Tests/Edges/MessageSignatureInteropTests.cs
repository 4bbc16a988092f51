using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Proofs;

namespace Tokenry.Server.Tests.Edges;

/// <summary>
/// RFC 9421 with a stranger: what we sign it verifies, what it signs we verify, and what we read of a structured field it reads too.
/// </summary>
public sealed class MessageSignatureInteropTests(SharedServers servers)
{
    private const int Requests = 300;
    private const int Fields = 3000;
    private const string Sample =
        "a=(\"@method\" \"x-a\";key=\"b\";sf);created=1618884473;nonce=\"n\\\"\\\\\", s-1=( );p;q=?0;r=tok/en:*;s=-7;u=:AAA=:;keyid=\"\"";

    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    private static readonly string[] Authorities = ["api.example.com", "api.example.com:8443", "[::1]:8080", "xn--bcher-kva.example"];
    private static readonly string[] Paths = ["/", "/a", "/a%2Fb/%C3%A9", "/a//b", "/v1/x;y=z,w", "/~:@!$&'()*+", "/%7Eu/%25"];
    private static readonly string[] Queries = ["", "?", "?a=b", "?a=%20+%26&a=&b", "?q=%C3%A9?/:@", "?%3D"];
    private static readonly string[][] Lines =
    [
        ["1"],
        [""],
        ["a", "b"],
        ["  a ", "b, c"],
        ["\"q;x\"", "\\", "~"],
        ["a\tb"],
    ];

    [Fact]
    public async Task Http_message_signatures_verifies_ours_and_we_verify_its_own()
    {
        var random = Random.Shared; // what fails is printed whole
        var secret = RandomNumberGenerator.GetBytes(32);
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var keys = new[] { new RequestSigningKey(secret), new RequestSigningKey(ecdsa) };
        var sent = Enumerable.Range(0, Requests).Select(number => new Sent(random, keys[number % 2])).ToList();

        var directory = Directory.CreateTempSubdirectory("tokenry-messages-");
        try
        {
            var given = Path.Combine(directory.FullName, "given.json");
            var written = Path.Combine(directory.FullName, "written.json");
            var privateKey = ecdsa.ExportPkcs8PrivateKeyPem();
            await File.WriteAllTextAsync(
                given,
                JsonSerializer.Serialize(
                    new
                    {
                        requests = sent.Select(request => request.ForPeer()),
                        keys = new { secret, ecdsa = privateKey },
                        fields = Readings(random).Take(Fields),
                        written,
                    }
                )
            );
            await PeerScripts.RunAsync("message-signatures.mjs", new Dictionary<string, string> { ["TOKENRY_MESSAGES"] = given });
            var signed = JsonSerializer.Deserialize<Signed[]>(await File.ReadAllTextAsync(written), JsonSerializerOptions.Web)!;
            Assert.Equal(Requests, signed.Length);
            Assert.All(sent.Zip(signed), pair => pair.First.MustTake(pair.Second));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory, BothEngines]
    public async Task Http_message_signatures_signs_what_the_server_takes(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .ManagementRole("applications:write")
            .Api(_ => new { accepted_credentials = new[] { "api_key", "public_key" } })
            .Role()
            .Application()
            .CreateAsync();
        var permissions = new[]
        {
            new { api = "urn:tokenry:management", scopes = (IReadOnlyList<string>)["applications:write"] },
            new { api = made.Api.Identifier, scopes = made.Api.Scopes },
        };
        var key = await admin.CreateApiKeyAsync(made.Application.Id, new { request_signing = "required", permissions });
        await PeerScripts.RunAsync(
            "signed-requests.mjs",
            new Dictionary<string, string>
            {
                ["TOKENRY_ISSUER"] = admin.Address,
                ["TOKENRY_ADMIN"] = admin.Bearer!,
                ["TOKENRY_CLIENT_ID"] = made.Application.Id,
                ["TOKENRY_RESOURCE"] = made.Api.Identifier,
                ["TOKENRY_KEY_ID"] = key.Id,
                ["TOKENRY_SIGNING_KEY"] = key.Response.Text("signing_key"),
            }
        );
    }

    /// <summary>Spoilt fields that we can still read, and what we read.</summary>
    private static IEnumerable<object> Readings(Random random)
    {
        while (true)
        {
            var text = new Mutator(random.Next()).Mutate([Sample]);
            if (SignatureInput.TryParse(text, out var inputs))
            {
                yield return new
                {
                    text,
                    inputs = inputs.Select(input => new
                    {
                        label = input.Label,
                        components = input.Components.Select(component => component.Name),
                        nonce = input.Nonce,
                        created = input.Created?.ToUnixTimeSeconds(),
                    }),
                };
            }
        }
    }

    private sealed record Signed(string SignatureInput, string Signature);

    private sealed class Sent
    {
        private readonly RequestSigningKey key;
        private readonly string method;
        private readonly string authority;
        private readonly string target;
        private readonly byte[] body;
        private readonly Dictionary<string, string[]> fields = new(StringComparer.Ordinal);
        private readonly SignatureFields signature;

        public Sent(Random random, RequestSigningKey key)
        {
            this.key = key;
            method = Pick(random, Methods);
            authority = Pick(random, Authorities);
            target = Pick(random, Paths) + Pick(random, Queries);
            body = method is "GET" or "DELETE" ? [] : Encoding.UTF8.GetBytes($$"""{"number":{{random.Next()}}}""");
            fields["x-a"] = Pick(random, Lines);
            fields["content-type"] = ["application/json"];
            signature = new MessageSigner("key_1", key, TimeProvider.System).Sign(Message(), ["x-a", "content-type"]);
            if (signature.ContentDigest is { } digest)
                fields[ContentDigest.FieldName] = [digest];
        }

        public object ForPeer() =>
            new
            {
                algorithm = key.Algorithm,
                covered = (string[])["@query", "x-a", "@method", "@path", "@authority", .. fields.Keys.Skip(1)],
                nonce = Convert.ToHexString(RandomNumberGenerator.GetBytes(16)),
                method,
                url = $"https://{authority}{target}",
                headers = fields,
                signature = new Dictionary<string, string>
                {
                    ["Signature-Input"] = signature.SignatureInput,
                    ["Signature"] = signature.Signature,
                },
            };

        public void MustTake(Signed peers)
        {
            var fault = new MessageSignatureValidator(TimeProvider.System).Read([peers.SignatureInput], [peers.Signature], out var found);
            Assert.True(fault == MessageSignatureFault.None, $"{fault}: {peers.SignatureInput}");
            fault = found!.Verify(Message(), key).Fault;
            Assert.True(fault == MessageSignatureFault.None, $"{fault}: {method} {authority}{target} {peers.SignatureInput}");
        }

        private HttpMessage Message() => new(method, "https", authority, target, name => fields.GetValueOrDefault(name, []), body);

        private static T Pick<T>(Random random, T[] choices) => choices[random.Next(choices.Length)];
    }
}
