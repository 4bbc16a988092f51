using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Examples.Tests.Proxies;

/// <summary>A real nginx ends TLS, asks its clients for certificates and forwards them: for client authentication and for bound tokens at the door.</summary>
public sealed class ClientCertificateTests
{
    [Theory, BothEngines]
    public async Task A_stolen_token_is_worth_nothing_without_its_certificate(Engine engine)
    {
        await using var server = await StartAsync(engine);
        var made = await Scenario.On(await server.AdminAsync()).Api("invoices:read").Role().Application().CreateAsync();
        using var nginx = await Nginx.BeforeAsync(server, made.Api.Identifier);
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

    [Theory, BothEngines]
    public async Task A_name_from_an_authority_authenticates_through_nginx(Engine engine)
    {
        await using var server = await StartAsync(engine);
        var made = await Scenario.On(await server.AdminAsync()).Api("invoices:read").Role().Application().CreateAsync();
        using var nginx = await Nginx.BeforeAsync(server, made.Api.Identifier);
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

    /// <summary>With the door as the examples ship it, and the lines of docs/guides/gateways.md for certificates.</summary>
    private sealed class Nginx : IDisposable
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tokenry-nginx-");
        private readonly OutputLines words = new();
        private readonly int port = FreePort.Next();
        private readonly int plainPort = FreePort.Next();
        private readonly ServerProcess server;
        private readonly string api;
        private ChildProcess? process;

        private Nginx(ServerProcess server, string api) => (this.server, this.api) = (server, api);

        public string Address => $"https://127.0.0.1:{port}";

        public string PlainAddress => $"http://127.0.0.1:{plainPort}";

        /// <param name="server">Tokenry.</param>
        /// <param name="api">What the one place behind the door belongs to.</param>
        public static async Task<Nginx> BeforeAsync(ServerProcess server, string api)
        {
            var nginx = new Nginx(server, api);
            await nginx.StartAsync();
            return nginx;
        }

        public void Dispose()
        {
            process?.Signal(Signal.Terminate); // the master takes its workers with it
            process?.WaitForExitAsync(TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
            process?.Dispose();
            folder.Delete(recursive: true);
        }

        private async Task StartAsync()
        {
            var path = folder.FullName;
            File.WriteAllText(Path.Combine(path, "nginx.conf"), Configuration());
            File.WriteAllText(Path.Combine(path, "invoices"), "paid");
            var own = TestAuthority.SelfSigned(new LeafOptions { Subject = "CN=localhost", Dns = "localhost" });
            File.WriteAllText(Path.Combine(path, "tls.pem"), own.ExportCertificatePem());
            File.WriteAllText(Path.Combine(path, "tls.key"), own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());

            process = ChildProcess.Start(
                new ProcessStartInfo("nginx", ["-c", Path.Combine(path, "nginx.conf"), "-p", path, "-e", "stderr"]),
                words,
                words
            );
            for (var waited = Stopwatch.StartNew(); ; await Task.Delay(20))
            {
                try
                {
                    await CertificateClient.To(Address, null).GetAsync("/health/ready").Expect(200);
                    return;
                }
                catch (HttpRequestException) when (!process.HasExited && waited.Elapsed < TimeSpan.FromSeconds(10))
                {
                    // It is starting.
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"nginx does not serve: {words}", exception);
                }
            }
        }

        private string Configuration() =>
            $$"""
                daemon off;
                {{(Posix.IsRoot ? "user root;" : "")}}
                worker_processes 1;
                pid nginx.pid;
                error_log stderr alert;
                events {}
                http {
                  access_log off;
                  client_body_temp_path body;
                  proxy_temp_path proxy;
                  fastcgi_temp_path fastcgi;
                  uwsgi_temp_path uwsgi;
                  scgi_temp_path scgi;
                  upstream tokenry { server {{new Uri(server.Address).Authority}}; keepalive 8; }
                  {{Server($"listen 127.0.0.1:{plainPort};")}}
                  {{Server(
                    $"listen 127.0.0.1:{port} ssl; ssl_certificate tls.pem; ssl_certificate_key tls.key; ssl_verify_client optional_no_ca;"
                )}}
                }
                """;

        private string Server(string listen) =>
            $$"""
                server {
                    {{listen}}
                    include {{Path.Combine(Repository.Root, "examples", "nginx", "tokenry-door.conf")}};
                    location = /invoices {
                      set $requires api={{api}}&scope=invoices:read;
                      root .;
                      try_files /invoices =404;
                    }
                    location ~ ^/(oauth|health)/ {
                      auth_request off;
                      proxy_pass http://tokenry;
                      proxy_http_version 1.1;
                      proxy_set_header Connection "";
                      proxy_set_header X-Forwarded-For $remote_addr;
                      proxy_set_header X-Forwarded-Proto $scheme;
                      proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
                    }
                  }
                """;
    }
}
