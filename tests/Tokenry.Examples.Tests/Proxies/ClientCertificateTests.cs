using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests.Proxies;

/// <summary>A real nginx ends TLS, asks its clients for certificates and forwards them: for client authentication and for bound tokens at the door.</summary>
public sealed class ClientCertificateTests
{
    [Theory, BothEngines]
    public async Task A_stolen_token_is_worth_nothing_without_its_certificate(Engine engine)
    {
        await using var server = await StartAsync(engine);
        var made = await Scenario.On(await server.AdminAsync()).Api("invoices:read").Role().Application().CreateAsync();
        using var nginx = await TlsNginx.BeforeAsync(server, made.Api.Identifier);
        var certificate = TestAuthority.SelfSigned();
        await (await server.AdminAsync()).CreateCertificateAsync(made.Application.Id, certificate);

        var client = CertificateClient.To(nginx.Address, certificate);
        (string, string)[] form = [("grant_type", "client_credentials"), ("client_id", made.Application.Id)];
        var token = (await client.FormAsync("/oauth/token", form).Expect(200)).Text("access_token");
        Assert.Equal("paid", (await client.With(token).GetAsync("/invoices").Expect(200)).Body);

        // Whoever stole the token has another certificate or none, and writes the right one into headers of theirs.
        foreach (var own in new[] { null, TestAuthority.SelfSigned() })
        {
            var thief = CertificateClient.To(nginx.Address, own);
            foreach (
                var name in new[] { null, "X-SSL-Client-Cert", "x-ssl-client-cert", "X_SSL_Client_Cert", "Client-Cert", "ssl-client-cert" }
            )
            {
                var headers = new Dictionary<string, string>();
                if (name is not null)
                {
                    headers[name] = name == "Client-Cert" ? certificate.ByteSequence() : certificate.EscapedPem();
                }

                var refused = await thief.With(token).GetAsync("/invoices", headers: headers);
                Assert.Equal((name, 401), (name, refused.Status));
                Assert.Contains("error=\"invalid_token\"", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
                Assert.Equal((name, 401), (name, (await thief.FormAsync("/oauth/token", form, headers: headers)).Status));
            }
        }

        // At the plain listener there is no certificate, whatever the client says.
        var plain = await new ApiClient(nginx.PlainAddress, token).GetAsync(
            "/invoices",
            headers: new Dictionary<string, string> { ["X-SSL-Client-Cert"] = certificate.EscapedPem() }
        );
        Assert.Equal(401, plain.Status);
    }

    /// <summary>As a person would type it: the token, and what it opens with its certificate and with none.</summary>
    [Fact]
    public async Task With_curl_through_nginx()
    {
        await using var server = await StartAsync(Engine.Sqlite);
        var made = await Scenario.On(await server.AdminAsync()).Api("invoices:read").Role().Application().CreateAsync();
        using var nginx = await TlsNginx.BeforeAsync(server, made.Api.Identifier);
        var certificate = TestAuthority.SelfSigned();
        await (await server.AdminAsync()).CreateCertificateAsync(made.Application.Id, certificate);
        var folder = Directory.CreateTempSubdirectory("tokenry-curl-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "client.pem"), certificate.ExportCertificatePem());
            File.WriteAllText(Path.Combine(folder, "client.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
            string[] own = ["--cert", "client.pem", "--key", "client.key"];
            string[] form = ["-d", "grant_type=client_credentials", "-d", $"client_id={made.Application.Id}"];
            var issued = await CurlAsync([.. own, .. form, nginx.Address + "/oauth/token"]);
            var token = JsonDocument.Parse(issued).RootElement.GetProperty("access_token").GetString();
            string[] invoices = ["-H", $"Authorization: Bearer {token}", nginx.Address + "/invoices"];
            Assert.Equal("paid", await CurlAsync([.. own, .. invoices]));
            Assert.Equal("401", await CurlAsync(["-o", "refused", "-w", "%{http_code}", .. invoices]));
            Assert.Contains("invalid_client", await CurlAsync([.. form, nginx.Address + "/oauth/token"]), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        async Task<string> CurlAsync(string[] arguments) =>
            (
                await ChildProcess.RunAsync(
                    new ProcessStartInfo("curl", ["-sS", "--cacert", nginx.CertificateFile, .. arguments]) { WorkingDirectory = folder },
                    TimeSpan.FromSeconds(30)
                )
            )
                .Expect(0)
                .Output;
    }

    [Theory, BothEngines]
    public async Task A_name_from_an_authority_authenticates_through_nginx(Engine engine)
    {
        await using var server = await StartAsync(engine);
        var made = await Scenario.On(await server.AdminAsync()).Api("invoices:read").Role().Application().CreateAsync();
        using var nginx = await TlsNginx.BeforeAsync(server, made.Api.Identifier);
        var root = new TestAuthority();
        var between = new TestAuthority("CN=Example Issuing", root);
        var rule = new { san_dns = "billing.example.com", ca_certificates = root.Pem + between.Pem };
        await (await server.AdminAsync())
            .PostAsync($"/v1/applications/{made.Application.Id}/certificates", new { name = "mesh", tls_client_auth = rule })
            .Expect(201);
        var named = new LeafOptions { Dns = "billing.example.com" };
        (X509Certificate2 Certificate, int Status)[] certificates =
        [
            (between.Issue(named), 200),
            (root.Issue(named), 200),
            (new TestAuthority().Issue(named), 401),
            (TestAuthority.SelfSigned(named), 401),
            (between.Issue(named with { Dns = "other.example.com" }), 401),
        ];
        foreach (var (certificate, status) in certificates)
        {
            (string, string)[] form = [("grant_type", "client_credentials"), ("client_id", made.Application.Id)];
            Assert.Equal(status, (await CertificateClient.To(nginx.Address, certificate).FormAsync("/oauth/token", form)).Status);
        }
    }

    private static Task<ServerProcess> StartAsync(Engine engine) =>
        ServerProcess.StartAsync(
            engine,
            new ServerOptions
            {
                Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["Tokenry:TrustedProxies"] = "127.0.0.1",
                    ["Tokenry:ClientCertificateHeader"] = "nginx",
                },
            }
        );
}
