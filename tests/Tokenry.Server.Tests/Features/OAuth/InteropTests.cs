using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// Independent implementations use the server: what they refuse, a customer's client refuses too.
/// </summary>
public sealed class InteropTests(SharedServers servers, CertificateServers certificateServers)
{
    [Theory, BothEngines]
    public Task Oauth4webapi_discovers_gets_introspects_and_revokes_tokens(Engine engine) => RunAsync(engine, "client-credentials.mjs");

    [Theory, BothEngines]
    public Task Jose_verifies_our_access_token_from_the_published_keys(Engine engine) => RunAsync(engine, "access-token.mjs");

    [Theory, BothEngines]
    public Task Jose_verifies_it_signed_with_RS256(Engine engine) => RunAsync(engine, "access-token.mjs", "RS256");

    [Theory, BothEngines]
    public async Task Oauth4webapi_authenticates_by_private_key_jwt_and_binds_tokens_by_DPoP(Engine engine) =>
        await ProveAsync(await servers.GetAsync(engine), await servers.AdminAsync(engine));

    [Theory, BothEngines]
    public async Task Oauth4webapi_takes_the_nonces_it_is_given(Engine engine)
    {
        var settings = new Dictionary<string, string?> { ["Tokenry:Dpop:RequireNonce"] = "true" };
        await using var server = await ServerProcess.StartAsync(engine, new ServerOptions { Settings = settings });
        await ProveAsync(server, await server.AdminAsync());
    }

    private static async Task ProveAsync(ServerProcess server, ApiClient admin)
    {
        var made = await Scenario.On(admin).ManagementRole("applications:read").Api().Role().Application().CreateAsync();
        await PeerScripts.RunAsync(
            "private-key-jwt.mjs",
            new Dictionary<string, string>
            {
                ["TOKENRY_ISSUER"] = server.Address,
                ["TOKENRY_CLIENT_ID"] = made.Application.Id,
                ["TOKENRY_RESOURCE"] = made.Api.Identifier,
                ["TOKENRY_ADMIN"] = admin.Bearer!,
            }
        );
    }

    [Theory]
    [BothEngines("tls_client_auth")]
    [BothEngines("self_signed_tls_client_auth")]
    public async Task Oauth4webapi_authenticates_by_certificate_and_its_tokens_are_bound(Engine engine, string method)
    {
        var server = await certificateServers.GetAsync(engine);
        var made = await Scenario
            .On(server.Admin)
            .ManagementRole("applications:read")
            .Application(_ => new { tls_client_certificate_bound_access_tokens = true, token_endpoint_auth_methods = new[] { method } })
            .CreateAsync();
        var authority = new TestAuthority();
        var (own, stranger) = (authority.Issue(new LeafOptions { Dns = "billing.example.com" }), new TestAuthority().Issue());
        object registered =
            method == "tls_client_auth"
                ? new { name = "mesh", tls_client_auth = new { san_dns = "billing.example.com", ca_certificates = authority.Pem } }
                : new { name = "own", certificate = own.ExportCertificatePem() };
        await server.Admin.PostAsync($"/v1/applications/{made.Application.Id}/certificates", registered).Expect(201);
        var folder = Directory.CreateTempSubdirectory("tokenry-interop-").FullName;
        try
        {
            await PeerScripts.RunAsync(
                "mutual-tls.mjs",
                new Dictionary<string, string>
                {
                    ["TOKENRY_ISSUER"] = server.Process.Address,
                    ["TOKENRY_CLIENT_ID"] = made.Application.Id,
                    ["TOKENRY_METHOD"] = method,
                    ["TOKENRY_TLS_CA"] = Path.Combine(server.Process.DataDirectory, "tls.pem"),
                    ["TOKENRY_CERTIFICATE"] = Written(folder, "own", own),
                    ["TOKENRY_OTHER_CERTIFICATE"] = Written(folder, "stranger", stranger),
                }
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>As two files, whose path is told without <c>.pem</c> and <c>.key</c>.</summary>
    private static string Written(string folder, string name, X509Certificate2 certificate)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path + ".pem", certificate.ExportCertificatePem());
        File.WriteAllText(path + ".key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return path;
    }

    [Theory, BothEngines]
    public async Task Oauth4webapi_exchanges_tokens_and_another_issuers_token(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        using var issuer = new ForeignIssuer();
        var made = await Scenario
            .On(await servers.AdminAsync(engine))
            .Api("invoices:read", "invoices:write")
            .PersonalAccessToken()
            .Application(m => new { token_exchange_audiences = new[] { m.Api.Identifier } })
            .ClientSecret()
            .CreateAsync();
        await (await servers.AdminAsync(engine)).CreateFederatedIdentityAsync(made.Application.Id, issuer);
        await PeerScripts.RunAsync(
            "token-exchange.mjs",
            new Dictionary<string, string>
            {
                ["TOKENRY_ISSUER"] = server.Address,
                ["TOKENRY_CLIENT_ID"] = made.Application.Id,
                ["TOKENRY_CLIENT_SECRET"] = made.ClientSecret.Secret,
                ["TOKENRY_RESOURCE"] = made.Api.Identifier,
                ["TOKENRY_SUBJECT"] = made.User.Id,
                ["TOKENRY_SUBJECT_TOKEN"] = made.PersonalAccessToken.Secret,
                ["TOKENRY_FEDERATED_TOKEN"] = issuer.Token(ForeignIssuer.GitHub(server.Address)),
            }
        );
    }

    private async Task RunAsync(Engine engine, string script, string algorithm = "ES256")
    {
        var server = await servers.GetAsync(engine);
        var made = await Scenario
            .On(await servers.AdminAsync(engine))
            .Api(_ => new { access_token_signing_alg = algorithm }, "invoices:read", "invoices:write")
            .ClientSecret()
            .CreateAsync();
        await PeerScripts.RunAsync(
            script,
            new Dictionary<string, string>
            {
                ["TOKENRY_ISSUER"] = server.Address,
                ["TOKENRY_CLIENT_ID"] = made.Application.Id,
                ["TOKENRY_CLIENT_SECRET"] = made.ClientSecret.Secret,
                ["TOKENRY_RESOURCE"] = made.Api.Identifier,
                ["TOKENRY_SIGNING_ALG"] = algorithm,
            }
        );
    }
}
