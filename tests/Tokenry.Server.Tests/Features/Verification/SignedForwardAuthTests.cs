using static Tokenry.Server.Tests.Features.Verification.ForwardAuthTests;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>Signed requests (RFC 9421) through a proxy, which hands on headers, method and target, and no body.</summary>
public sealed class SignedForwardAuthTests(SharedServers servers)
{
    private const string Target = "/v1/invoices/a%2Fb/../%C3%A9?q=a+b%20&q";
    private const string WithoutBody = "tokenry=(\"@method\" \"@authority\" \"@path\" \"@query\");created;tag=\"tokenry-v1\"";

    [Theory, BothEngines]
    public async Task A_proxy_hands_the_signature_on(Engine engine)
    {
        var server = await servers.GetAsync(engine, SharedServers.BehindProxy);
        var made = await Scenario
            .On(await servers.AdminAsync(engine, SharedServers.BehindProxy))
            .ApiKey(_ => new { request_signing = "required" })
            .ApiKey()
            .CreateAsync();
        var signer = RequestSigner.Of(made.ApiKeys[0]);
        var url = made.Api.Identifier + Target;
        var taken = await AskAsync("", signer.Sign("GET", url)).Expect(200);
        Assert.Equal(
            ("api_key", made.ApiKeys[0].Id, made.Application.Id),
            (taken.Header("X-Tokenry-Kind"), taken.Header("X-Tokenry-Credential"), taken.Header("X-Tokenry-Subject"))
        );
        Assert.Null(taken.Header("Accept-Signature"));
        Assert.StartsWith(
            "eyJ",
            (await AskAsync("&as=jwt", signer.Sign("GET", url)).Expect(200)).Header("X-Tokenry-Jwt"),
            StringComparison.Ordinal
        );

        var once = signer.Sign("GET", url);
        await AskAsync("", once).Expect(200);
        ExpectAsked(await AskAsync("", once).Expect(401, "invalid_token"), WithoutBody);
        ExpectAsked(await AskAsync("", signer.Sign("PUT", url)).Expect(401, "invalid_token"), WithoutBody);
        await AskAsync("", signer.Sign("GET", made.Api.Identifier + "/v1/invoices/a/b")).Expect(401);
        await AskAsync("", signer.Sign("GET", url, change: parts => parts.Components.RemoveAt(3))).Expect(401);
        // Which host it is for says the configuration, not the request.
        await AskAsync("&origin=https://other.example.com", signer.Sign("GET", url)).Expect(401);
        await AskAsync("&origin=https://OTHER.example.com:443", signer.Sign("GET", "https://other.example.com" + Target)).Expect(200);

        // A whole address says the same.
        var whole = signer.Sign("GET", url);
        whole["X-Forwarded-Uri"] = "HTTP://127.0.0.1:1" + Target;
        await AskAsync("", whole).Expect(200);

        // What a proxy does not say is not known, and then nothing is good.
        var silent = signer.Sign("GET", url);
        (silent["X-Forwarded-Uri"], silent["X-Forwarded-Method"]) = ("", "");
        await AskAsync("", silent).Expect(401);

        Task<ApiResponse> AskAsync(string query, Dictionary<string, string> headers) =>
            SendAsync(server, Path(made, query), "GET", headers);
    }

    [Theory, BothEngines]
    public async Task Secrets_beside_it_and_instead_of_it(Engine engine)
    {
        var server = await servers.GetAsync(engine, SharedServers.BehindProxy);
        var admin = await servers.AdminAsync(engine, SharedServers.BehindProxy);
        var made = await Scenario.On(admin).ApiKey(_ => new { request_signing = "required" }).ApiKey().CreateAsync();
        var url = made.Api.Identifier + Target;
        ExpectAsked(await BareAsync(made.ApiKeys[0].Secret).Expect(401, "invalid_token"), WithoutBody);
        await SignedAsync(made.ApiKeys[0].Secret).Expect(200);
        await SignedAsync(made.ApiKeys[1].Secret).Expect(400, "invalid_request");
        await BareAsync(made.ApiKeys[1].Secret).Expect(200);
        var foreign = RequestSigner.Of(made.ApiKeys[0]).Sign("GET", url, change: parts => parts.Parameters["tag"] = "\"other\"");
        var nothing = await SendAsync(server, Path(made), "GET", foreign).Expect(401, "credential_missing");
        Assert.Null(nothing.Header("Accept-Signature"));

        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { minimum_strength = "signed" }).Expect(200);
        ExpectAsked(await BareAsync(made.ApiKeys[1].Secret).Expect(401, "invalid_token"), WithoutBody);

        Task<ApiResponse> BareAsync(string secret) =>
            SendAsync(server, Path(made), "GET", new Dictionary<string, string> { ["X-API-Key"] = secret });

        Task<ApiResponse> SignedAsync(string secret) =>
            SendAsync(
                server,
                Path(made),
                "GET",
                new Dictionary<string, string>(RequestSigner.Of(made.ApiKeys[0]).Sign("GET", url)) { ["X-API-Key"] = secret }
            );
    }

    [Theory, BothEngines]
    public async Task What_may_have_a_body_must_be_signed_with_its_digest(Engine engine)
    {
        var server = await servers.GetAsync(engine, SharedServers.BehindProxy);
        var made = await Scenario
            .On(await servers.AdminAsync(engine, SharedServers.BehindProxy))
            .ApiKey(_ => new { request_signing = "optional" })
            .CreateAsync();
        var signer = RequestSigner.Of(made.ApiKey);
        var url = made.Api.Identifier + Target;
        var refused = await SendAsync(server, Path(made), "POST", signer.Sign("POST", url)).Expect(401);
        ExpectAsked(refused, WithoutBody.Replace("\"@query\"", "\"@query\" \"content-digest\"", StringComparison.Ordinal));
        await SendAsync(server, Path(made), "POST", signer.Sign("POST", url, "{}")).Expect(200);
        await SendAsync(server, Path(made), "DELETE", signer.Sign("DELETE", url)).Expect(200);
    }

    private static void ExpectAsked(ApiResponse refused, string how)
    {
        Assert.Equal(how, refused.Header("Accept-Signature"));
        Assert.Contains("error_description=\"signed requests only\"", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    private static Task<ApiResponse> SendAsync(ServerProcess server, string path, string method, Dictionary<string, string> headers)
    {
        headers.TryAdd("X-Forwarded-Method", method);
        headers.TryAdd("X-Forwarded-Uri", Target);
        return server.Client().GetAsync(path, headers: headers);
    }
}
