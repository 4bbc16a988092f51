using System.Diagnostics;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Server.Tests.Features.OAuth.ClientAuthentication;

/// <summary>Clients authenticate by TLS client certificates over real TLS (RFC 8705 §2; security §3.2, §2 row 24).</summary>
public sealed class MutualTlsTests(CertificateServers servers)
{
    private const string Subject = "CN=billing,O=Example";
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";

    private static readonly LeafOptions Full = new()
    {
        Dns = "billing.example.com",
        Uri = "spiffe://example.com/billing",
        Ip = "192.0.2.7",
        Email = "billing@example.com",
    };

    [Theory]
    [BothEngines("subject_dn", Subject)]
    [BothEngines("subject_dn", @"cn=\62illing, O=#13074578616d706c65")]
    [BothEngines("san_dns", "Billing.example.com")]
    [BothEngines("san_uri", "spiffe://example.com/billing")]
    [BothEngines("san_ip", "192.0.2.7")]
    [BothEngines("san_email", "billing@example.com")]
    public async Task A_registered_name_from_a_registered_authority_authenticates(Engine engine, string kind, string value)
    {
        var authority = new TestAuthority();
        var (server, client) = await ArrangeAsync(engine, new() { [kind] = value, ["ca_certificates"] = authority.Pem });
        var answer = await TokenAsync(server, client, authority.Issue(Full)).Expect(200);
        Assert.Equal("Bearer", answer.Text("token_type"));
        await ShownAsync(server, client, "certificate.created");
    }

    [Theory]
    [BothEngines("subject_dn", "CN=billing")]
    [BothEngines("subject_dn", "O=Example,CN=billing")]
    [BothEngines("san_dns", "example.com")]
    [BothEngines("san_dns", "other.example.com")]
    [BothEngines("san_uri", "spiffe://example.com/Billing")]
    [BothEngines("san_ip", "192.0.2.8")]
    [BothEngines("san_email", "BILLING@example.com")]
    public async Task Wrong_subject_is_401(Engine engine, string kind, string value)
    {
        var authority = new TestAuthority();
        var (server, client) = await ArrangeAsync(engine, new() { [kind] = value, ["ca_certificates"] = authority.Pem });
        await TokenAsync(server, client, authority.Issue(Full)).ExpectOAuth(401, "invalid_client");
        await DenialAsync(server, "certificate_unknown");
    }

    [Theory, BothEngines]
    public async Task No_certificate_is_401(Engine engine)
    {
        var (server, client, _) = await ByNameAsync(engine);
        await TokenAsync(server, client, certificate: null).ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task Expired_is_401_and_so_is_not_yet(Engine engine)
    {
        var (server, client, authority) = await ByNameAsync(engine);
        var hour = TimeSpan.FromHours(1);
        await TokenAsync(server, client, authority.Issue(Full with { Begins = -2 * hour, Ends = -hour }))
            .ExpectOAuth(401, "invalid_client");
        await TokenAsync(server, client, authority.Issue(Full with { Begins = hour, Ends = 2 * hour })).ExpectOAuth(401, "invalid_client");
        await TokenAsync(server, client, authority.Issue(Full)).Expect(200);
    }

    [Theory, BothEngines]
    public async Task Extended_key_usage_without_clientAuth_is_401_and_none_at_all_is_good(Engine engine)
    {
        var (server, client, authority) = await ByNameAsync(engine);
        await TokenAsync(server, client, authority.Issue(Full with { Usages = [ServerUsage] })).ExpectOAuth(401, "invalid_client");
        await DenialAsync(server, "certificate_untrusted");
        await TokenAsync(server, client, authority.Issue(Full with { Usages = null })).Expect(200);
    }

    /// <summary>Whoever makes an authority of the same name makes certificates with the same names.</summary>
    [Theory, BothEngines]
    public async Task Another_authority_with_the_same_name_is_401(Engine engine)
    {
        var (server, client, _) = await ByNameAsync(engine);
        await TokenAsync(server, client, new TestAuthority().Issue(Full)).ExpectOAuth(401, "invalid_client");
        await TokenAsync(server, client, TestAuthority.SelfSigned(Full)).ExpectOAuth(401, "invalid_client");
        await DenialAsync(server, "certificate_untrusted");
    }

    [Theory, BothEngines]
    public async Task Intermediates_may_come_with_the_certificate_or_stand_in_the_bundle(Engine engine)
    {
        var (server, client, authority) = await ByNameAsync(engine);
        var between = new TestAuthority("CN=Example Issuing", authority);
        var leaf = between.Issue(Full);
        await TokenAsync(server, client, leaf).ExpectOAuth(401, "invalid_client");
        await TokenAsync(server, client, leaf, between.Certificate).Expect(200);
        // Of another root, whatever is sent along.
        var foreign = new TestAuthority();
        var foreignBetween = new TestAuthority("CN=Example Issuing", foreign);
        await TokenAsync(server, client, foreignBetween.Issue(Full), foreignBetween.Certificate, foreign.Certificate)
            .ExpectOAuth(401, "invalid_client");

        var (_, bundled) = await ArrangeAsync(
            engine,
            new() { ["subject_dn"] = Subject, ["ca_certificates"] = authority.Pem + between.Pem }
        );
        await TokenAsync(server, bundled, leaf).Expect(200);
    }

    [Theory, BothEngines]
    public async Task An_equal_name_in_another_encoding_is_that_name(Engine engine)
    {
        var (server, client, authority) = await ByNameAsync(engine);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            Attribute("2.5.4.10", UniversalTagNumber.BMPString, "Example");
            Attribute("2.5.4.3", UniversalTagNumber.T61String, "billing");
        }

        var encoded = new X500DistinguishedName(writer.Encode());
        await TokenAsync(server, client, authority.Issue(Full with { EncodedSubject = encoded })).Expect(200);

        void Attribute(string type, UniversalTagNumber form, string value)
        {
            using (writer.PushSetOf())
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(type);
                writer.WriteCharacterString(form, value);
            }
        }
    }

    [Theory, BothEngines]
    public async Task Without_client_id_or_with_anothers_it_is_401(Engine engine)
    {
        var (server, _, authority) = await ByNameAsync(engine);
        var (_, other) = await ArrangeAsync(engine, new() { ["subject_dn"] = "CN=other", ["ca_certificates"] = authority.Pem });
        foreach (var client in new[] { null, other, "app_0000000000000000000000", "x", "" })
        {
            await TokenAsync(server, client, authority.Issue(Full)).ExpectOAuth(401, "invalid_client");
        }
    }

    [Theory, BothEngines]
    public async Task Self_signed_the_registered_certificate_is_good_and_its_twin_is_not(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = TestAuthority.SelfSigned(new LeafOptions { Key = key, Usages = [ServerUsage] }); // no chain, no purpose
        var client = await ClientAsync(server);
        await RegisterAsync(server, client, new { name = "own", certificate = certificate.ExportCertificatePem() });
        await TokenAsync(server, client, certificate).Expect(200);
        await TokenAsync(server, client, TestAuthority.SelfSigned()).ExpectOAuth(401, "invalid_client");
        // The same name and key in another certificate: that key is not registered, the certificate is.
        await TokenAsync(server, client, TestAuthority.SelfSigned(new LeafOptions { Key = key })).ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task Self_signed_a_certificate_of_a_registered_key_is_good(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        var client = await ClientAsync(server);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        await server
            .Admin.PostAsync($"/v1/applications/{client}/public-keys", new { name = "key", pem = key.ExportSubjectPublicKeyInfoPem() })
            .Expect(201);
        await TokenAsync(server, client, TestAuthority.SelfSigned(new LeafOptions { Key = key })).Expect(200);
        await TokenAsync(server, client, new TestAuthority().Issue(new LeafOptions { Key = key, Subject = "CN=x" })).Expect(200);
        await TokenAsync(server, client, TestAuthority.SelfSigned()).ExpectOAuth(401, "invalid_client");
        // On a curve that nobody registers.
        var foreign = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        await TokenAsync(server, client, TestAuthority.SelfSigned(new LeafOptions { Key = foreign })).ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task Its_life_is_that_of_every_credential(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        var client = await ClientAsync(server);
        var certificate = TestAuthority.SelfSigned();
        var id = await RegisterAsync(server, client, new { name = "own", certificate = certificate.ExportCertificatePem() });
        var path = $"/v1/applications/{client}/certificates/{id}";
        await server.Admin.PostAsync(path + "/disable").Expect(200);
        await TokenAsync(server, client, certificate).ExpectOAuth(401, "invalid_client");
        await server.Admin.PostAsync(path + "/enable").Expect(200);
        await TokenAsync(server, client, certificate).Expect(200);
        await server.Admin.PatchAsync(path, new { allowed_ips = new[] { "192.0.2.0/24" } }).Expect(200);
        await TokenAsync(server, client, certificate).ExpectOAuth(401, "invalid_client");
        await server
            .Admin.PatchAsync(path, new { allowed_ips = (string[]?)null, expires_at = TimeProvider.System.GetUtcNow().AddSeconds(-1) })
            .Expect(200);
        await TokenAsync(server, client, certificate).ExpectOAuth(401, "invalid_client");
        await server.Admin.PatchAsync(path, new { expires_at = (string?)null }).Expect(200);
        await server.Admin.PostAsync($"/v1/applications/{client}/disable").Expect(200);
        await TokenAsync(server, client, certificate).ExpectOAuth(401, "invalid_client");
        await server.Admin.PostAsync($"/v1/applications/{client}/enable").Expect(200);
        await TokenAsync(server, client, certificate).Expect(200);
        await server.Admin.DeleteAsync(path).Expect(204);
        await TokenAsync(server, client, certificate).ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task A_method_the_client_is_not_set_to_is_401(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        var authority = new TestAuthority();
        var certificate = authority.Issue(Full);
        var client = await ClientAsync(server);
        await RegisterAsync(server, client, new { name = "own", certificate = certificate.ExportCertificatePem() });
        await SetAsync("tls_client_auth");
        await TokenAsync(server, client, certificate).ExpectOAuth(401, "invalid_client");
        await DenialAsync(server, "auth_method_not_allowed");
        await SetAsync("self_signed_tls_client_auth");
        await TokenAsync(server, client, certificate).Expect(200);

        // Registered in both ways, it is taken in the one that is allowed.
        await RegisterAsync(
            server,
            client,
            new { name = "name", tls_client_auth = new { subject_dn = Subject, ca_certificates = authority.Pem } }
        );
        await SetAsync("tls_client_auth");
        await TokenAsync(server, client, certificate).Expect(200);

        Task SetAsync(string method) =>
            server.Admin.PatchAsync($"/v1/applications/{client}", new { token_endpoint_auth_methods = new[] { method } }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task Beside_a_secret_it_authenticates_nobody(Engine engine)
    {
        var (server, client, authority) = await ByNameAsync(engine);
        var certificate = authority.Issue(Full);
        var tls = CertificateClient.To(server.Tls, certificate);
        await tls.TokenAsync((client, "tkr_sec_wrong")).ExpectOAuth(401, "invalid_client");
        await tls.FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", "wrong")])
            .ExpectOAuth(401, "invalid_client");
        await tls.With("tkr_key_wrong")
            .FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("client_id", client)])
            .ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task At_introspection_and_revocation_too(Engine engine)
    {
        var (server, client, authority) = await ByNameAsync(engine);
        var tls = CertificateClient.To(server.Tls, authority.Issue(Full));
        var token = (await TokenAsync(server, client, authority.Issue(Full)).Expect(200)).Text("access_token");
        await tls.FormAsync("/oauth/introspect", [("token", token), ("client_id", client)]).ExpectActive();
        await tls.FormAsync("/oauth/revoke", [("token", token), ("client_id", client)]).Expect(200);
        await tls.FormAsync("/oauth/introspect", [("token", token), ("client_id", client)]).ExpectInactive();
    }

    [Theory, BothEngines]
    public async Task With_curl_as_the_documentation_says(Engine engine)
    {
        var (server, client, authority) = await ByNameAsync(engine);
        var folder = Directory.CreateTempSubdirectory("tokenry-curl-");
        try
        {
            var certificate = authority.Issue(Full);
            var (pem, key) = (Path.Combine(folder.FullName, "client.pem"), Path.Combine(folder.FullName, "client.key"));
            File.WriteAllText(pem, certificate.ExportCertificatePem());
            File.WriteAllText(key, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
            var authorityFile = Path.Combine(server.Process.DataDirectory, "tls.pem");
            Assert.True(
                OperatingSystem.IsWindows() || File.GetUnixFileMode(authorityFile) == (UnixFileMode.UserRead | UnixFileMode.UserWrite)
            );
            string[] form = ["-d", "grant_type=client_credentials", "-d", $"client_id={client}"];
            string[] curl = ["-sS", "--cacert", authorityFile, "--cert", pem, "--key", key, .. form, server.Tls + "/oauth/token"];
            using var process = Process.Start(
                new ProcessStartInfo("curl", curl) { RedirectStandardOutput = true, UseShellExecute = false }
            )!;
            var output = await process.StandardOutput.ReadToEndAsync();
            Assert.Contains("\"access_token\":", output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task<ApiResponse> TokenAsync(
        CertificateServer server,
        string? client,
        X509Certificate2? certificate,
        params X509Certificate2[] sent
    ) =>
        CertificateClient
            .To(server.Tls, certificate, sent)
            .FormAsync(
                "/oauth/token",
                client is null ? [("grant_type", "client_credentials")] : [("grant_type", "client_credentials"), ("client_id", client)]
            );

    private async Task<(CertificateServer Server, string Client)> ArrangeAsync(Engine engine, Dictionary<string, string> rule)
    {
        var server = await servers.GetAsync(engine);
        var client = await ClientAsync(server);
        await RegisterAsync(server, client, new { name = "name", tls_client_auth = rule });
        return (server, client);
    }

    private async Task<(CertificateServer Server, string Client, TestAuthority Authority)> ByNameAsync(Engine engine)
    {
        var authority = new TestAuthority();
        var (server, client) = await ArrangeAsync(engine, new() { ["subject_dn"] = Subject, ["ca_certificates"] = authority.Pem });
        return (server, client, authority);
    }

    private static async Task<string> ClientAsync(CertificateServer server) =>
        (await Scenario.On(server.Admin).Role().Application().CreateAsync()).Application.Id;

    private static async Task<string> RegisterAsync(CertificateServer server, string client, object body) =>
        (await server.Admin.PostAsync($"/v1/applications/{client}/certificates", body).Expect(201)).Text("id");

    private static async Task ShownAsync(CertificateServer server, string client, string action)
    {
        var listed = await server.Admin.GetAsync($"/v1/applications/{client}/certificates").Expect(200);
        var id = listed.Json.GetProperty("items")[0].GetProperty("id").GetString();
        Assert.StartsWith("crt_", id, StringComparison.Ordinal);
        var events = await server.Admin.GetAsync($"/v1/audit?target={id}&action={action}").Expect(200);
        Assert.Equal(1, events.Json.GetProperty("items").GetArrayLength());
    }

    /// <summary>The client hears one answer; which reason it was, is counted at once (and in the audit when its minute is over).</summary>
    private static async Task DenialAsync(CertificateServer server, string reason)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        string metrics;
        do // the text is kept for a moment, and may be of before
        {
            metrics = (await server.Process.Client().GetAsync("/metrics").Expect(200)).Body;
        } while (!metrics.Contains($"\"{reason}\"", StringComparison.Ordinal) && waited.Elapsed < TimeSpan.FromSeconds(20));
        Assert.Contains($"\"{reason}\"", metrics, StringComparison.Ordinal);
    }
}
