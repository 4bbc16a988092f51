using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Tokenry.Server.Tests.Features.Applications;

/// <summary>Certificates as credentials of an application: what is taken, what is shown, and their life.</summary>
public sealed class CertificatesTests(SharedServers servers)
{
    private static readonly TestAuthority Root = new();

    [Theory, BothEngines]
    public async Task A_certificate_is_shown_by_what_it_is_and_ends_with_itself(Engine engine)
    {
        var (admin, path) = await ArrangeAsync(engine);
        var certificate = TestAuthority.SelfSigned();
        var created = await admin.PostAsync(path, new { name = "own", certificate = certificate.ExportCertificatePem() }).Expect(201);
        Assert.Equal("certificate", created.Text("kind"));
        Assert.Equal(certificate.X5t(), created.Text("masked"));
        Assert.Equal(certificate.X5t(), created.Text("certificate.x5t#S256"));
        Assert.Equal("CN=billing,O=Example", created.Text("certificate.subject"));
        var end = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        Assert.Equal(end, created.Json.GetProperty("expires_at").GetDateTimeOffset());
        Assert.Equal(end, created.Json.GetProperty("certificate").GetProperty("not_after").GetDateTimeOffset());
        Assert.False(created.Json.TryGetProperty("token", out _));
        Assert.Equal($"{path}/{created.Text("id")}", created.Header("Location"));
        Assert.Equal(created.Body, (await admin.GetAsync($"{path}/{created.Text("id")}").Expect(200)).Body);

        // The same again is another's name, until it is revoked.
        await admin.PostAsync(path, new { name = "own", certificate = certificate.ExportCertificatePem() }).Expect(409, "already_exists");
        await admin.DeleteAsync($"{path}/{created.Text("id")}").Expect(204);
        await admin.PostAsync(path, new { name = "own", certificate = certificate.ExportCertificatePem() }).Expect(201);
    }

    [Theory, BothEngines]
    public async Task A_name_and_its_authorities_are_shown_as_registered(Engine engine)
    {
        var (admin, path) = await ArrangeAsync(engine);
        var rule = new { san_uri = "spiffe://example.com/billing", ca_certificates = Root.Pem };
        var created = await admin
            .PostAsync(
                path,
                new
                {
                    name = "mesh",
                    tls_client_auth = rule,
                    expires_at = "2099-01-01T00:00:00Z",
                }
            )
            .Expect(201);
        Assert.Equal("san_uri: spiffe://example.com/billing", created.Text("masked"));
        Assert.Equal("spiffe://example.com/billing", created.Text("certificate.tls_client_auth.san_uri"));
        Assert.Equal(Root.Pem, created.Text("certificate.tls_client_auth.ca_certificates"));
        Assert.Equal("2099-01-01T00:00:00Z", created.Text("expires_at"));
        // Several of the same are several.
        var without = await admin.PostAsync(path, new { name = "mesh", tls_client_auth = rule }).Expect(201);
        Assert.Equal(JsonValueKind.Null, without.Json.GetProperty("expires_at").ValueKind);
    }

    [Theory, BothEngines]
    public async Task There_is_nothing_to_rotate(Engine engine)
    {
        var (admin, path) = await ArrangeAsync(engine);
        var body = new { name = "own", certificate = TestAuthority.SelfSigned().ExportCertificatePem() };
        var id = (await admin.PostAsync(path, body).Expect(201)).Text("id");
        await admin.PostAsync($"{path}/{id}/rotate", new { overlap_seconds = 60 }).Expect(404);
    }

    [Theory, BothEngines]
    public async Task What_is_no_certificate_is_refused_with_the_reason(Engine engine)
    {
        var (admin, path) = await ArrangeAsync(engine);
        var good = TestAuthority.SelfSigned();
        var pem = good.ExportCertificatePem();
        var ended = new LeafOptions { Begins = TimeSpan.FromHours(-2), Ends = TimeSpan.FromHours(-1) };
        using var small = RSA.Create(1024);
        var weak = new CertificateRequest("CN=x", small, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(
            TimeProvider.System.GetUtcNow(),
            TimeProvider.System.GetUtcNow().AddHours(1)
        );
        (object Body, string Member, string Words)[] refused =
        [
            (new { name = "n" }, "certificate", "one of them"),
            (
                new
                {
                    name = "n",
                    certificate = pem,
                    tls_client_auth = Rule("subject_dn", "CN=a"),
                },
                "certificate",
                "one of them"
            ),
            (new { name = "n", certificate = "" }, "certificate", "is not one certificate"),
            (new { name = "n", certificate = pem + pem }, "certificate", "is not one certificate"),
            (new { name = "n", certificate = Convert.ToBase64String(good.RawData) }, "certificate", "is not one certificate"),
            (
                new { name = "n", certificate = pem + good.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() },
                "certificate",
                "holds a private key"
            ),
            (new { name = "n", certificate = TestAuthority.SelfSigned(ended).ExportCertificatePem() }, "certificate", "has expired"),
            (new { name = "n", certificate = weak.ExportCertificatePem() }, "certificate", "a key that is not taken"),
            (new { name = "n", tls_client_auth = new { ca_certificates = Root.Pem } }, "tls_client_auth", "exactly one"),
            (
                new
                {
                    name = "n",
                    tls_client_auth = new
                    {
                        subject_dn = "CN=a",
                        san_dns = "a.example",
                        ca_certificates = Root.Pem,
                    },
                },
                "tls_client_auth",
                "exactly one"
            ),
            (new { name = "n", tls_client_auth = Rule("subject_dn", "billing") }, "tls_client_auth.subject_dn", "RFC 4514"),
            (new { name = "n", tls_client_auth = Rule("subject_dn", "") }, "tls_client_auth.subject_dn", "is empty"),
            (new { name = "n", tls_client_auth = Rule("san_dns", "*.example.com") }, "tls_client_auth.san_dns", "host name"),
            (new { name = "n", tls_client_auth = Rule("san_uri", "/billing") }, "tls_client_auth.san_uri", "absolute URI"),
            (new { name = "n", tls_client_auth = Rule("san_ip", "10.0.0.0/8") }, "tls_client_auth.san_ip", "IP address"),
            (new { name = "n", tls_client_auth = Rule("san_email", "billing") }, "tls_client_auth.san_email", "e-mail"),
            (new { name = "n", tls_client_auth = Rule("subject_dn", "CN=a", "x") }, "tls_client_auth.ca_certificates", "in PEM"),
            (new { name = "n", tls_client_auth = Rule("subject_dn", "CN=a", "") }, "tls_client_auth.ca_certificates", "in PEM"),
            (new { name = "n", tls_client_auth = Rule("subject_dn", "CN=a", pem) }, "tls_client_auth.ca_certificates", "basicConstraints"),
            (
                new { name = "n", tls_client_auth = Rule("subject_dn", "CN=a", new TestAuthority("CN=b", Root).Pem) },
                "tls_client_auth.ca_certificates",
                "holds no root"
            ),
            (
                new { name = "n", tls_client_auth = Rule("subject_dn", "CN=a", string.Concat(Enumerable.Repeat(Root.Pem, 21))) },
                "tls_client_auth.ca_certificates",
                "1 to 20"
            ),
        ];
        foreach (var (body, member, words) in refused)
        {
            var answer = await admin.PostAsync(path, body).Expect(400, "invalid_request");
            Assert.Contains(
                answer.Json.GetProperty("errors").GetProperty(member).EnumerateArray(),
                fault => fault.GetString()!.Contains(words, StringComparison.Ordinal)
            );
        }

        Assert.Equal(0, (await admin.GetAsync(path).Expect(200)).Json.GetProperty("items").GetArrayLength());
    }

    private static Dictionary<string, string> Rule(string kind, string value, string? authorities = null) =>
        new(StringComparer.Ordinal) { [kind] = value, ["ca_certificates"] = authorities ?? Root.Pem };

    private async Task<(ApiClient Admin, string Path)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Application().CreateAsync();
        return (admin, $"/v1/applications/{made.Application.Id}/certificates");
    }
}
