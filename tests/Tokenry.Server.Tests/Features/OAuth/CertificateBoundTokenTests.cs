using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>Tokens bound to a TLS client certificate, and every door that must see it (RFC 8705 §3; security §3.10).</summary>
public sealed class CertificateBoundTokenTests(CertificateServers servers)
{
    private const string Management = "urn:tokenry:management";

    [Theory, BothEngines]
    public async Task A_client_that_authenticates_by_certificate_gets_a_token_bound_to_it(Engine engine)
    {
        var (server, made, certificate) = await ArrangeAsync(engine);
        var token = await BoundAsync(server, made, certificate);
        Assert.Equal($$"""{"x5t#S256":"{{certificate.X5t()}}"}""", OAuthRequests.Claims(token).GetProperty("cnf").GetRawText());
        var shown = await server.Admin.IntrospectAsync(token).ExpectActive();
        Assert.Equal(certificate.X5t(), shown.Json.GetProperty("cnf").GetProperty("x5t#S256").GetString());
        Assert.Equal("Bearer", shown.Text("token_type"));
    }

    [Theory, BothEngines]
    public async Task A_client_set_to_bound_tokens_gets_no_other(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        var made = await Scenario
            .On(server.Admin)
            .Role()
            .Application(_ => new { tls_client_certificate_bound_access_tokens = true })
            .ClientSecret()
            .CreateAsync();
        await server.Process.Client().TokenAsync(made.Client()).ExpectOAuth(400, "invalid_request");
        await CertificateClient.To(server.Tls, null).TokenAsync(made.Client()).ExpectOAuth(400, "invalid_request");
        var any = TestAuthority.SelfSigned(); // registered nowhere: it binds, and authenticates nobody
        var token = await CertificateClient.To(server.Tls, any).AccessTokenAsync(made.Client());
        Assert.Equal(any.X5t(), OAuthRequests.Claims(token).GetProperty("cnf").GetProperty("x5t#S256").GetString());
    }

    [Theory, BothEngines]
    public async Task A_certificate_nobody_asked_to_bind_to_binds_only_where_the_API_takes_nothing_weaker(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        var made = await Scenario.On(server.Admin).Role().Application().ClientSecret().CreateAsync();
        var tls = CertificateClient.To(server.Tls, TestAuthority.SelfSigned());
        Assert.False(OAuthRequests.Claims(await tls.AccessTokenAsync(made.Client())).TryGetProperty("cnf", out _));

        await server.Admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { minimum_strength = "bound" }).Expect(200);
        Assert.True(OAuthRequests.Claims(await tls.AccessTokenAsync(made.Client())).TryGetProperty("cnf", out _));
        await server.Process.Client().TokenAsync(made.Client()).ExpectOAuth(400, "invalid_target");
    }

    [Theory, BothEngines]
    public async Task At_verify_the_certificate_must_be_the_one(Engine engine)
    {
        var (server, made, certificate) = await ArrangeAsync(engine);
        var token = await BoundAsync(server, made, certificate);
        var pem = certificate.ExportCertificatePem();
        Assert.Equal("valid", await VerifyAsync(new { certificate = pem }));
        Assert.Equal("valid", await VerifyAsync(new { certificate = Convert.ToBase64String(certificate.RawData) }));
        Assert.Equal("proof_required", await VerifyAsync(null));
        Assert.Equal("proof_required", await VerifyAsync(new { }));
        Assert.Equal("proof_invalid", await VerifyAsync(new { certificate = TestAuthority.SelfSigned().ExportCertificatePem() }));
        string[] broken = ["", "x", pem + pem, pem + "x", certificate.X5t(), certificate.ByteSequence(), new string('A', 65_536)];
        foreach (var text in broken)
        {
            var answer = await server.Admin.PostAsync("/v1/verify", Body(new { certificate = text })).Expect(400);
            Assert.True(answer.Json.GetProperty("errors").TryGetProperty("proof.certificate", out _), answer.Body);
        }

        async Task<string> VerifyAsync(object? proof) => (await server.Admin.PostAsync("/v1/verify", Body(proof)).Expect(200)).Text("code");

        object Body(object? proof) =>
            new
            {
                token,
                api = made.Api.Identifier,
                proof,
            };
    }

    /// <summary>Security §2 row 21, of certificates.</summary>
    [Theory, BothEngines]
    public async Task At_our_own_API_the_connection_must_have_the_certificate(Engine engine)
    {
        var (server, made, certificate) = await ArrangeAsync(engine, management: true);
        var token = await BoundAsync(server, made, certificate, ("resource", Management));
        await CertificateClient.To(server.Tls, certificate).With(token).GetAsync("/v1/me").Expect(200);
        ApiClient[] thieves =
        [
            server.Process.Client(),
            CertificateClient.To(server.Tls, null),
            CertificateClient.To(server.Tls, TestAuthority.SelfSigned()),
        ];
        foreach (var thief in thieves)
        {
            var refused = await thief.With(token).GetAsync("/v1/me").Expect(401, "invalid_token");
            Assert.StartsWith(
                "Bearer realm=\"tokenry\", error=\"invalid_token\"",
                refused.Header("WWW-Authenticate"),
                StringComparison.Ordinal
            );
            // No header makes a certificate where no proxy is listed.
            var headers = new Dictionary<string, string>
            {
                ["X-SSL-Client-Cert"] = certificate.EscapedPem(),
                ["Client-Cert"] = certificate.ByteSequence(),
            };
            await thief.With(token).GetAsync("/v1/me", headers: headers).Expect(401, "invalid_token");
        }

        // The same where a bearer authenticates the caller of introspection.
        await thieves[0].With(token).FormAsync("/oauth/introspect", [("token", token)]).ExpectOAuth(401, "invalid_client");
    }

    /// <summary>Whoever asks at forward-auth is a proxy: its own connection says nothing about its client.</summary>
    [Theory, BothEngines]
    public async Task At_forward_auth_the_asking_connections_own_certificate_does_not_count(Engine engine)
    {
        var (server, made, certificate) = await ArrangeAsync(engine);
        var token = await BoundAsync(server, made, certificate);
        var path = $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}";
        var refused = await CertificateClient.To(server.Tls, certificate).With(token).GetAsync(path).Expect(401, "invalid_token");
        Assert.StartsWith(
            "Bearer realm=\"tokenry\", error=\"invalid_token\"",
            refused.Header("WWW-Authenticate"),
            StringComparison.Ordinal
        );
    }

    [Theory, BothEngines]
    public async Task Metadata_tells_of_certificates_and_where_to_bring_them(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        foreach (var address in new[] { server.Process.Address, server.Tls })
        {
            var metadata = (await CertificateClient.To(address, null).GetAsync("/.well-known/oauth-authorization-server").Expect(200)).Json;
            Assert.Equal(server.Process.Address, metadata.GetProperty("issuer").GetString());
            Assert.True(metadata.GetProperty("tls_client_certificate_bound_access_tokens").GetBoolean());
            var aliases = metadata.GetProperty("mtls_endpoint_aliases");
            Assert.Equal(server.Tls + "/oauth/token", aliases.GetProperty("token_endpoint").GetString());
            Assert.Equal(server.Tls + "/oauth/introspect", aliases.GetProperty("introspection_endpoint").GetString());
            Assert.Equal(server.Tls + "/oauth/revoke", aliases.GetProperty("revocation_endpoint").GetString());
            var methods = metadata
                .GetProperty("token_endpoint_auth_methods_supported")
                .EnumerateArray()
                .Select(method => method.GetString());
            Assert.Superset(new HashSet<string?> { "tls_client_auth", "self_signed_tls_client_auth" }, methods.ToHashSet());
        }
    }

    /// <summary>The address a proof must be for is the one the request was sent to (RFC 9449 §4.3, RFC 8705 §5).</summary>
    [Theory, BothEngines]
    public async Task A_DPoP_proof_for_the_other_address_binds_to_its_key_and_to_both_where_both_are_asked_for(Engine engine)
    {
        var (server, made, certificate) = await ArrangeAsync(engine, management: true);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (string, string)[] form = [("grant_type", "client_credentials"), ("client_id", made.Application.Id), ("resource", Management)];
        var tls = CertificateClient.To(server.Tls, certificate);
        await tls.FormAsync("/oauth/token", form, headers: Proof(key, "POST", server.Process.Address + "/oauth/token"))
            .ExpectOAuth(400, "invalid_dpop_proof");
        var byKey = await tls.FormAsync("/oauth/token", form, headers: Proof(key, "POST", server.Tls + "/oauth/token")).Expect(200);
        Assert.Equal("DPoP", byKey.Text("token_type"));
        Assert.Equal(["jkt"], Bindings(byKey));

        var bound = new { tls_client_certificate_bound_access_tokens = true };
        await server.Admin.PatchAsync($"/v1/applications/{made.Application.Id}", bound).Expect(200);
        var byBoth = await tls.FormAsync("/oauth/token", form, headers: Proof(key, "POST", server.Tls + "/oauth/token")).Expect(200);
        Assert.Equal(["jkt", "x5t#S256"], Bindings(byBoth));

        // Then both are needed.
        var token = byBoth.Text("access_token");
        await tls.GetAsync("/v1/me", headers: Presented(server.Tls)).Expect(200);
        await tls.With(token).GetAsync("/v1/me").Expect(401, "invalid_token");
        await CertificateClient.To(server.Tls, null).GetAsync("/v1/me", headers: Presented(server.Tls)).Expect(401, "invalid_token");
        await server.Process.Client().GetAsync("/v1/me", headers: Presented(server.Process.Address)).Expect(401, "invalid_token");

        Dictionary<string, string> Presented(string address)
        {
            var headers = Proof(key, "GET", address + "/v1/me", token);
            headers["Authorization"] = "DPoP " + token;
            return headers;
        }

        static IEnumerable<string> Bindings(ApiResponse answer) =>
            OAuthRequests
                .Claims(answer.Text("access_token"))
                .GetProperty("cnf")
                .EnumerateObject()
                .Select(member => member.Name)
                .Order(StringComparer.Ordinal);
    }

    private static Dictionary<string, string> Proof(ECDsa key, string method, string address, string? token = null)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var jwk = new
        {
            kty = "EC",
            crv = "P-256",
            x = Base64Url.EncodeToString(point.X!),
            y = Base64Url.EncodeToString(point.Y!),
        };
        var claims = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["jti"] = Guid.NewGuid().ToString(),
            ["htm"] = method,
            ["htu"] = address,
            ["iat"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
        };
        if (token is not null)
        {
            claims["ath"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
        }

        var header = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                typ = "dpop+jwt",
                alg = "ES256",
                jwk,
            }
        );
        var input = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        var signature = key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256);
        return new(StringComparer.Ordinal) { ["DPoP"] = $"{input}.{Base64Url.EncodeToString(signature)}" };
    }

    private async Task<(CertificateServer Server, Created Made, X509Certificate2 Certificate)> ArrangeAsync(
        Engine engine,
        bool management = false
    )
    {
        var server = await servers.GetAsync(engine);
        var scenario = Scenario.On(server.Admin).Role();
        var made = await (management ? scenario.ManagementRole("users:read", "introspect") : scenario).Application().CreateAsync();
        var certificate = TestAuthority.SelfSigned();
        await server.Admin.CreateCertificateAsync(made.Application.Id, certificate);
        return (server, made, certificate);
    }

    private static async Task<string> BoundAsync(
        CertificateServer server,
        Created made,
        X509Certificate2 certificate,
        params (string Name, string Value)[] more
    )
    {
        (string, string)[] form = [("grant_type", "client_credentials"), ("client_id", made.Application.Id), .. more];
        return (await CertificateClient.To(server.Tls, certificate).FormAsync("/oauth/token", form).Expect(200)).Text("access_token");
    }
}
