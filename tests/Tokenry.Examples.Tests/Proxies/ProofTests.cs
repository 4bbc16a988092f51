using System.Text.Json.Nodes;
using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests.Proxies;

/// <summary>What a request proves goes through real proxies to the door, once; what it must prove comes back to the client.</summary>
public sealed class ProofTests(SharedExamples examples)
{
    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task A_signed_request_opens_once(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        var key = await example.ApiKeyAsync(new { request_signing = "required" });
        var signer = RequestSigner.Of(key);
        var signed = Lines(signer.Sign("GET", Questions.Api + "/invoices/1001?a=%2F"));
        Assert.Equal(200, (await GetAsync("/invoices/1001?a=%2F", signed)).Status);
        var replayed = await GetAsync("/invoices/1001?a=%2F", signed);
        Assert.Equal(401, replayed.Status);
        Assert.Contains("\"@query\"", replayed.Header("Accept-Signature"));
        Assert.Equal(401, (await GetAsync("/invoices/1001?a=/", Lines(signer.Sign("GET", Questions.Api + "/invoices/1001?a=%2F")))).Status);
        Assert.Equal(401, (await GetAsync("/invoices/1001", [$"X-API-Key: {key.Secret}"])).Status);

        // The API compares the body; the door sees to it that its digest is signed.
        var write = new RawRequest("POST", "/invoices") { Body = """{"id":"9001","customer":"Grace","amount":3}""" };
        var withDigest = write with { Headers = Lines(signer.Sign("POST", Questions.Api + "/invoices", write.Body)) };
        var answer = await withDigest.SendAsync(example.Proxy);
        Assert.Equal(201, answer.Status);
        Assert.NotNull(Assert.Single(example.Seen(withDigest.TestId)).Header("Content-Digest"));
        var without = write with { Headers = Lines(signer.Sign("POST", Questions.Api + "/invoices")) };
        Assert.Equal(401, (await without.SendAsync(example.Proxy)).Status);

        Task<RawAnswer> GetAsync(string target, IReadOnlyList<string> headers) =>
            new RawRequest("GET", target) { Headers = headers }.SendAsync(example.Proxy);
    }

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task A_token_bound_to_a_key_opens_with_a_proof_of_it(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        using var key = ClientKey.Make();
        using var foreign = ClientKey.Make();
        var tokenEndpoint = example["TOKENRY"] + "/oauth/token";
        var issued = await example
            .Admin.FormAsync(
                "/oauth/token",
                [("grant_type", "client_credentials"), ("resource", Questions.Api)],
                (example["CLIENT_ID"], example["CLIENT_SECRET"]),
                new Dictionary<string, string> { ["DPoP"] = key.Proof("POST", tokenEndpoint) }
            )
            .Expect(200);
        var token = issued.Text("access_token");
        var proof = Proof(key);
        Assert.Equal(200, (await GetAsync("DPoP", proof)).Status);
        Assert.Equal(401, (await GetAsync("DPoP", proof)).Status);
        Assert.Equal(401, (await GetAsync("DPoP", Proof(foreign))).Status);
        Assert.Equal(401, (await GetAsync("DPoP", null)).Status);
        Assert.Equal(401, (await GetAsync("Bearer", Proof(key))).Status);

        string Proof(ClientKey by) => by.Proof("GET", Questions.Api + "/invoices/1001", token);

        Task<RawAnswer> GetAsync(string scheme, string? presented) =>
            new RawRequest("GET", "/invoices/1001")
            {
                Headers = [$"Authorization: {scheme} {token}", .. presented is null ? (string[])[] : [$"DPoP: {presented}"]],
            }.SendAsync(example.Proxy);
    }

    [Fact]
    public async Task A_nonce_comes_back_through_nginx()
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Tokenry:TrustedProxies"] = "127.0.0.1",
            ["Tokenry:Dpop:RequireNonce"] = "true",
        };
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { Settings = settings });
        var made = await Scenario.On(await server.AdminAsync()).Api("invoices:read").Role().Application().ClientSecret().CreateAsync();
        using var nginx = await TlsNginx.BeforeAsync(server, made.Api.Identifier);
        using var key = ClientKey.Make();
        var client = CertificateClient.To(nginx.Address, null);
        (string, string)[] form = [("grant_type", "client_credentials")];
        var tokenEndpoint = server.Address + "/oauth/token";
        var first = await client.FormAsync(
            "/oauth/token",
            form,
            (made.Application.Id, made.ClientSecret.Secret),
            Dpop(key.Proof("POST", tokenEndpoint))
        );
        Assert.Contains("use_dpop_nonce", first.Expect(400).Body);
        var nonce = first.Header("DPoP-Nonce")!;
        var issued = await client.FormAsync(
            "/oauth/token",
            form,
            (made.Application.Id, made.ClientSecret.Secret),
            Dpop(key.Proof("POST", tokenEndpoint, change: With(nonce)))
        );
        var token = issued.Expect(200).Text("access_token");

        var refused = await GetAsync(key.Proof("GET", nginx.Address + "/invoices", token));
        Assert.Equal(401, refused.Status);
        var asked = refused.Header("DPoP-Nonce");
        Assert.NotNull(asked);
        Assert.Equal("paid", (await GetAsync(key.Proof("GET", nginx.Address + "/invoices", token, With(asked))).Expect(200)).Body);

        Task<ApiResponse> GetAsync(string proof)
        {
            var headers = Dpop(proof);
            headers["Authorization"] = "DPoP " + token;
            return client.GetAsync("/invoices", headers: headers);
        }

        static Dictionary<string, string> Dpop(string proof) => new(StringComparer.Ordinal) { ["DPoP"] = proof };

        static Action<JsonObject, JsonObject> With(string nonce) => (_, claims) => claims["nonce"] = nonce;
    }

    private static string[] Lines(IReadOnlyDictionary<string, string> headers) =>
        [.. headers.Select(header => $"{header.Key}: {header.Value}")];
}
