using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Core.Doors;

/// <summary>Certificates that a proxy forwards: believed of trusted proxies, whole or refused; of anybody else they are a signal (security §2 row 22).</summary>
public sealed class ForwardedCertificatesTests(ForwardedCertificatesTests.Servers servers)
    : IClassFixture<ForwardedCertificatesTests.Servers>
{
    [Theory]
    [BothEngines("nginx", "X-SSL-Client-Cert")]
    [BothEngines("rfc9440", "Client-Cert")]
    public async Task A_listed_proxys_client_authenticates_and_its_token_is_bound(Engine engine, string setting, string name)
    {
        var server = await servers.GetAsync(engine, setting, "127.0.0.1");
        var (made, certificate) = await ArrangeAsync(server);
        var door = $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}";
        var proxy = server.Process.Client();
        var token = (await TokenAsync(proxy, made, Header(name, setting, certificate)).Expect(200)).Text("access_token");
        await proxy.With(token).GetAsync(door, headers: Header(name, setting, certificate)).Expect(200);
        await proxy.With(token).GetAsync(door).Expect(401, "invalid_token");
        await proxy.With(token).GetAsync(door, headers: Header(name, setting, TestAuthority.SelfSigned())).Expect(401, "invalid_token");

        // The proxy's own connection may have a certificate too; it is not its client's.
        var own = CertificateClient.To(server.Tls, certificate);
        await own.With(token).GetAsync(door).Expect(401, "invalid_token");
        await TokenAsync(own, made, []).ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task From_a_listed_proxy_anything_but_one_certificate_over_https_is_400_at_every_route(Engine engine)
    {
        const string name = "X-SSL-Client-Cert";
        var server = await servers.GetAsync(engine, "nginx", "127.0.0.1");
        var (made, certificate) = await ArrangeAsync(server);
        var proxy = server.Process.Client();
        var value = certificate.EscapedPem();
        Dictionary<string, string>[] wrong =
        [
            new() { [name] = value + value },
            new() { [name] = value + "x" },
            new() { [name] = "x" },
            new() { [name] = certificate.ByteSequence() },
            new() { [name] = $"{value}, {value}" },
            new() { ["X_SSL_Client_Cert"] = value },
            new() { ["x-ssl_client-cert"] = value },
            new() { [name] = value, ["X_SSL_CLIENT_CERT"] = value },
            new() { [name] = value, ["X-Forwarded-Proto"] = "http" },
        ];
        foreach (var headers in wrong)
        {
            await TokenAsync(proxy, made, headers).ExpectOAuth(400, "invalid_request");
            await proxy
                .GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}", headers: headers)
                .Expect(400, "invalid_request");
            await server.Admin.GetAsync("/v1/me", headers: headers).Expect(400, "invalid_request");
        }

        await TokenAsync(proxy, made, new() { [name] = value, ["X-Forwarded-Proto"] = "https" }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task From_anybody_else_it_is_ignored_and_told(Engine engine)
    {
        var server = await servers.GetAsync(engine, "nginx", "192.0.2.1");
        var (made, certificate) = await ArrangeAsync(server);
        var stranger = server.Process.Client();
        await TokenAsync(stranger, made, Header("X-SSL-Client-Cert", "nginx", certificate)).ExpectOAuth(401, "invalid_client");
        await TokenAsync(stranger, made, new() { ["X_SSL_Client_Cert"] = certificate.EscapedPem() }).ExpectOAuth(401, "invalid_client");
        await server.Admin.GetAsync("/v1/me", headers: new Dictionary<string, string> { ["X-SSL-Client-Cert"] = "junk" }).Expect(200);
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            var signals = (await server.Admin.GetAsync("/v1/audit?action=signal.forged_certificate").Expect(200)).Json.GetProperty("items");
            if (signals.GetArrayLength() > 0)
            {
                Assert.Equal("127.0.0.1", signals[0].GetProperty("ip").GetString());
                break;
            }

            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(10), "no signal");
        }

        // Its own connection's certificate counts, whatever the header says.
        var direct = CertificateClient.To(server.Tls, certificate);
        var answer = await TokenAsync(direct, made, Header("X-SSL-Client-Cert", "nginx", TestAuthority.SelfSigned())).Expect(200);
        var shown = await server.Admin.IntrospectAsync(answer.Text("access_token")).ExpectActive();
        Assert.Equal(certificate.X5t(), shown.Json.GetProperty("cnf").GetProperty("x5t#S256").GetString());
    }

    /// <summary>By default no header means anything.</summary>
    [Theory, BothEngines]
    public async Task Where_no_header_is_set_none_is_looked_at(Engine engine)
    {
        var server = await servers.GetAsync(engine, "none", "127.0.0.1");
        var (made, certificate) = await ArrangeAsync(server);
        var headers = Header("X-SSL-Client-Cert", "nginx", certificate);
        headers["Client-Cert"] = "junk";
        await TokenAsync(server.Process.Client(), made, headers).ExpectOAuth(401, "invalid_client");
    }

    private static Dictionary<string, string> Header(string name, string setting, X509Certificate2 certificate) =>
        new(StringComparer.Ordinal) { [name] = setting == "nginx" ? certificate.EscapedPem() : certificate.ByteSequence() };

    private static Task<ApiResponse> TokenAsync(ApiClient client, Created made, Dictionary<string, string> headers) =>
        client.FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("client_id", made.Application.Id)], headers: headers);

    private static async Task<(Created Made, X509Certificate2 Certificate)> ArrangeAsync(CertificateServer server)
    {
        var made = await Scenario.On(server.Admin).Role().Application().CreateAsync();
        var certificate = TestAuthority.SelfSigned();
        await server.Admin.CreateCertificateAsync(made.Application.Id, certificate);
        return (made, certificate);
    }

    /// <summary>A server for each setting, which cannot be changed while it runs.</summary>
    public sealed class Servers : IAsyncDisposable
    {
        private readonly Dictionary<(Engine, string, string), CertificateServer> started = [];

        public async Task<CertificateServer> GetAsync(Engine engine, string setting, string proxies)
        {
            if (!started.TryGetValue((engine, setting, proxies), out var server))
            {
                started[(engine, setting, proxies)] = server = await CertificateServer.StartAsync(
                    engine,
                    ("Tokenry:ClientCertificateHeader", setting),
                    ("Tokenry:TrustedProxies", proxies)
                );
            }

            return server;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var server in started.Values)
            {
                await server.Process.DisposeAsync();
            }
        }
    }
}
