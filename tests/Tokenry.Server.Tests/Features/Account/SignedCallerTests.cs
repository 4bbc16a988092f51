using System.Net.Http.Headers;
using System.Text;
using Tokenry.Server.Tests.Platform.Http;

namespace Tokenry.Server.Tests.Features.Account;

/// <summary>Tokenry's own API takes signed requests (RFC 9421), and compares the digest with the body it received (security §3.11).</summary>
public sealed class SignedCallerTests(SharedServers servers)
{
    private const string WithBody =
        "tokenry=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\");created;tag=\"tokenry-v1\"";

    [Theory, BothEngines]
    public async Task A_signature_says_who_calls_once(Engine engine)
    {
        var (client, made) = await ArrangeAsync(engine);
        var signer = RequestSigner.Of(made.ApiKey);
        var headers = signer.Sign("GET", client.Address + "/v1/me");
        var me = await client.GetAsync("/v1/me", headers: headers).Expect(200);
        Assert.Equal((made.ApiKey.Id, made.Application.Id), (me.Text("credential_id"), me.Text("subject")));
        var replayed = await client.GetAsync("/v1/me", headers: headers).Expect(401, "invalid_token");
        Assert.Equal(
            "tokenry=(\"@method\" \"@authority\" \"@path\" \"@query\");created;tag=\"tokenry-v1\"",
            replayed.Header("Accept-Signature")
        );
        Assert.Equal(
            $"Bearer realm=\"tokenry\", error=\"invalid_token\", error_description=\"signed requests only\", {ChallengeTests.About(client, api: null, scope: null)}",
            replayed.Header("WWW-Authenticate")
        );
        var once = signer.Sign("GET", client.Address + "/v1/me");
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => client.GetAsync("/v1/me", headers: once)));
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(63, answers.Count(answer => answer.Status == 401));
    }

    [Theory, BothEngines]
    public async Task The_body_must_be_the_one_that_was_signed(Engine engine)
    {
        var (client, made) = await ArrangeAsync(engine);
        var signer = RequestSigner.Of(made.ApiKey);
        var url = client.Address + "/v1/applications";
        string Body() => $$"""{"name":"{{CreateRequests.Unique("signed")}}","roles":[]}""";
        var body = Body();
        await client.PostAsync("/v1/applications", body, signer.Sign("POST", url, body)).Expect(201);
        var refused = await client.PostAsync("/v1/applications", Body(), signer.Sign("POST", url, body)).Expect(401, "invalid_token");
        Assert.Equal(WithBody, refused.Header("Accept-Signature"));
        await client.PostAsync("/v1/applications", body, signer.Sign("POST", url)).Expect(401);
        foreach (var digest in new[] { "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:", "sha-512=:AAAA:", "sha-256=:AAAA:" })
        {
            await SendAsync(parts => parts.Values["content-digest"] += $", {digest}").Expect(401);
            await SendAsync(parts => parts.Values["content-digest"] = digest).Expect(401);
        }

        await SendAsync(parts => parts.Values["content-digest"] += ", unheard-of=:AAAA:").Expect(201);

        // In pieces whose number nobody says, and read again by the route.
        var chunked = Body();
        using var content = new StreamContent(new Pieces(Encoding.UTF8.GetBytes(chunked)));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        await client.PostAsync("/v1/applications", content, signer.Sign("POST", url, chunked)).Expect(201);

        var huge = new string(' ', 300 * 1024);
        await client.PostAsync("/v1/applications", huge, signer.Sign("POST", url, huge)).Expect(413);

        // The retry of a signed request is signed anew, and made once all the same.
        var retried = Body();
        var ids = new HashSet<string>();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var headers = signer.Sign("POST", url, retried);
            headers["Idempotency-Key"] = "signed-" + made.ApiKey.Id;
            ids.Add((await client.PostAsync("/v1/applications", retried, headers).Expect(201)).Text("id"));
        }

        Assert.Single(ids);

        Task<ApiResponse> SendAsync(Action<SignedParts> change)
        {
            var sent = Body();
            return client.PostAsync("/v1/applications", sent, signer.Sign("POST", url, sent, change));
        }
    }

    [Theory, BothEngines]
    public async Task Path_and_query_are_signed_as_they_are_sent(Engine engine)
    {
        var (client, made) = await ArrangeAsync(engine);
        var signer = RequestSigner.Of(made.ApiKey);
        const int Authenticated = 400; // the signature is good; the route has no such parameter
        Assert.Equal(200, await GetAsync("/v1/%6de", "/v1/%6de"));
        Assert.Equal(Authenticated, await GetAsync("/v1/%6de?a=%2F&b", "/v1/%6de?a=%2F&b"));
        Assert.Equal(401, await GetAsync("/v1/%6de", "/v1/me"));
        Assert.Equal(401, await GetAsync("/v1/me?a=%2F", "/v1/me?a=/"));
        Assert.Equal(200, await GetAsync("/v1/me?", "/v1/me"));
        Assert.Equal(Authenticated, await GetAsync($"{client.Address}/v1/me?x", "/v1/me?x"));
        // The host that the request names is nobody's word.
        var headers = signer.Sign("GET", "http://other.example.com/v1/me");
        headers["Host"] = "other.example.com";
        await client.GetAsync("/v1/me", headers: headers).Expect(401);

        async Task<int> GetAsync(string sent, string signed)
        {
            var fields = signer.Sign("GET", client.Address + signed);
            return (await RawHttp.SendAsync(client, $"GET {sent} HTTP/1.1", fields.Select(field => $"{field.Key}: {field.Value}"))).Status;
        }
    }

    [Theory, BothEngines]
    public async Task Secrets_beside_it_and_instead_of_it(Engine engine)
    {
        var (client, made) = await ArrangeAsync(engine);
        var admin = await servers.AdminAsync(engine);
        var signer = RequestSigner.Of(made.ApiKey);
        Dictionary<string, string> Signed() => signer.Sign("GET", client.Address + "/v1/me");
        var bare = await client.With(made.ApiKey.Secret).GetAsync("/v1/me").Expect(401, "invalid_token");
        Assert.NotNull(bare.Header("Accept-Signature"));
        await client.With(made.ApiKey.Secret).GetAsync("/v1/me", headers: Signed()).Expect(200);
        var two = await client.With(admin.Bearer).GetAsync("/v1/me", headers: Signed()).Expect(400, "invalid_request");
        Assert.Contains("two credentials", two.Text("detail"), StringComparison.Ordinal);
        var foreign = signer.Sign("GET", client.Address + "/v1/me", change: parts => parts.Parameters["tag"] = "\"web-bot-auth\"");
        await client.GetAsync("/v1/me", headers: foreign).Expect(401, "credential_missing");
        await client.With(admin.Bearer).GetAsync("/v1/me", headers: foreign).Expect(200);

        // A public key opens the APIs that list it, and this is none.
        using var key = ClientKey.Make();
        var id = (await admin.CreatePublicKeyAsync(made.Application.Id, key)).Text("id");
        await client.GetAsync("/v1/me", headers: RequestSigner.Of(id, key).Sign("GET", client.Address + "/v1/me")).Expect(401);
    }

    private async Task<(ApiClient Client, Created Made)> ArrangeAsync(Engine engine)
    {
        var made = await Scenario
            .On(await servers.AdminAsync(engine))
            .ManagementRole("applications:write")
            .Application()
            .ApiKey(_ => new
            {
                request_signing = "required",
                permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "applications:write" } } },
            })
            .CreateAsync();
        return (await servers.AnonymousAsync(engine), made);
    }

    /// <summary>Of unknown length, a few bytes at a time.</summary>
    private sealed class Pieces(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(7, buffer.Length)], cancellationToken);
    }
}
