using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Tokenry.Protocol.Api;
using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Policies;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Approvals;

/// <summary>All kinds × all doors: what waits for an approval opens none, and opens them once it is approved. A new kind or door must be put into the table.</summary>
public sealed class ApprovalDoorsTests
{
    private const string Bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private static readonly string[] Secrets = ["api_key", "personal_access_token"];

    private static readonly string[] Clients = ["client_secret", "public_key", "certificate", "federated_identity"];

    /// <summary>The doors, the name that the server has for each, and the kinds that open it.</summary>
    private static readonly (string Way, string Door, string[] Kinds)[] Doors =
    [
        ("verify", DoorNames.Verify, [.. Secrets, "anonymous_api_key"]),
        ("batch", DoorNames.Verify, [.. Secrets, "anonymous_api_key"]),
        ("forward-auth", DoorNames.ForwardAuth, Secrets),
        ("introspect", DoorNames.Introspection, Secrets),
        ("me", DoorNames.Management, Secrets),
        ("own credential", DoorNames.Management, Secrets),
        ("rotate itself", DoorNames.Management, Secrets),
        ("token", DoorNames.ClientAuthentication, Clients),
        ("renew", DoorNames.ClientAuthentication, [.. Clients[..3]]),
        ("exchange", DoorNames.TokenExchange, Secrets),
    ];

    [Fact]
    public void Every_kind_and_every_door_is_in_the_table()
    {
        Assert.Equal(
            Server.Core.Credentials.CredentialPolicies.Kinds.Order(StringComparer.Ordinal),
            Doors.SelectMany(door => door.Kinds).Distinct().Order(StringComparer.Ordinal)
        );
        // The door for tokens that were issued: nothing is issued to what waits.
        Assert.Equal(
            DoorNames.All.Except([DoorNames.Token]).Order(StringComparer.Ordinal),
            Doors.Select(door => door.Door).Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Theory, BothEngines]
    public async Task What_waits_opens_no_door_and_what_is_approved_opens_its_own(Engine engine)
    {
        var server = await CertificateServer.StartAsync(engine);
        await using var process = server.Process;
        using var world = await ArrangeAsync(server);
        var faults = new List<string>();
        foreach (var kind in PolicyCalls.Kinds)
        {
            var made = await world.CreateAsync(kind);
            if (made.Text("state") != "pending_approval")
                faults.Add($"{kind} is {made.Text("state")}");
            foreach (var (way, _, _) in Doors)
            {
                if (await world.OpensAsync(kind, made, way) is var answer && answer.Opens)
                    faults.Add($"{kind} waits and opens {way}: {answer.Said}");
            }

            var told = await server
                .Admin.VerifyAsync(made.Json.TryGetProperty("token", out var token) ? token.GetString()! : "x")
                .Expect(200);
            if (token.ValueKind == System.Text.Json.JsonValueKind.String && told.Text("code") != "not_yet_valid")
                faults.Add($"{kind} is {told.Text("code")}");
            await server.Admin.ApproveAsync(made).Expect(200);
            // A rotation ends what was shown, so that these two come last.
            foreach (var (way, _, kinds) in Doors.OrderBy(door => door.Way is "rotate itself" or "renew"))
            {
                if (kinds.Contains(kind) && await world.OpensAsync(kind, made, way) is var answer && !answer.Opens)
                    faults.Add($"{kind} is approved and does not open {way}: {answer.Said}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    /// <summary>A server that demands an approval of everything, and a developer who may approve nothing.</summary>
    private static async Task<World> ArrangeAsync(CertificateServer server)
    {
        var admin = server.Admin;
        var api = await admin.CreateApiAsync(["invoices:read"]);
        var role = await admin.CreateRoleAsync([
            At(Management, "applications:own", "tokens:own", "api-resources:read", "roles:read"),
            At(api.Identifier, "invoices:read"),
        ]);
        var developer = await admin.PersonWithTokenAsync(
            [role.Id],
            At(Management, "applications:own", "tokens:own"),
            At(api.Identifier, "invoices:read")
        );
        var client = await admin.CreateApplicationAsync([], new { token_exchange_audiences = new[] { api.Identifier } });
        var secret = await admin.CreateClientSecretAsync(client.Id);
        await admin.PatchAsync($"/v1/api-resources/{api.Id}", new { resource_servers = new[] { client.Id } }).Expect(200);
        await admin.SetPolicyAsync(null, ApprovalCalls.Demand()).Expect(200);
        return new(server, developer, api, role.Id, (client.Id, secret.Secret));
    }

    private sealed record World(CertificateServer Server, Person Developer, CreatedApi Api, string Role, (string Id, string Secret) Client)
        : IDisposable
    {
        private readonly ForeignIssuer issuer = new();
        private readonly ClientKey key = ClientKey.Make();
        private readonly X509Certificate2 certificate = TestAuthority.SelfSigned();
        private string application = "";

        private ApiClient Anyone => Server.Admin.With(null);

        public async Task<ApiResponse> CreateAsync(string kind)
        {
            application = (
                await Developer
                    .Client.PostAsync(
                        "/v1/applications",
                        new { name = CreateRequests.Unique(kind), permissions = new[] { At(Api.Identifier, "invoices:read") } }
                    )
                    .Expect(201)
            ).Text("id");
            var body = new JsonObject { ["name"] = CreateRequests.Unique(kind), ["justification"] = ApprovalCalls.Why };
            var collection = "api-keys";
            switch (kind)
            {
                case "anonymous_api_key":
                    body["anonymous"] = true;
                    break;
                case "client_secret":
                    collection = "secrets";
                    break;
                case "public_key":
                    collection = "public-keys";
                    body["jwk"] = key.Jwk.DeepClone();
                    body["alg"] = key.Algorithm;
                    break;
                case "certificate":
                    collection = "certificates";
                    body["certificate"] = certificate.ExportCertificatePem();
                    break;
                case "federated_identity":
                    collection = "federated-identities";
                    body["issuer"] = issuer.Address;
                    body["subject"] = ForeignIssuer.GitHubSubject;
                    body["jwks"] = issuer.Jwks.DeepClone();
                    break;
            }

            var path = kind == "personal_access_token" ? "/v1/me/tokens" : $"/v1/applications/{application}/{collection}";
            return await Developer.Client.PostAsync(path, body).Expect(201);
        }

        /// <summary>Presents a credential at a door, by whatever its holder has.</summary>
        public async Task<(bool Opens, string Said)> OpensAsync(string kind, ApiResponse made, string way)
        {
            var answer = way switch
            {
                "token" => await AsClientAsync(
                    kind,
                    made,
                    "/oauth/token",
                    ("grant_type", "client_credentials"),
                    ("resource", Api.Identifier)
                ),
                "renew" => await AsClientAsync(kind, made, "/oauth/renew", [("overlap_seconds", "60"), .. Next(kind)]),
                _ when made.Json.TryGetProperty("token", out var token) => await PresentAsync(token.GetString()!, way),
                _ => null,
            };
            if (answer is null)
                return (false, "nothing to present");
            var opens = way switch
            {
                "verify" => answer.Text("code") == "valid",
                "batch" => answer.Json.GetProperty("items")[0].GetProperty("code").GetString() == "valid",
                "introspect" => answer.Json.GetProperty("active").GetBoolean(),
                _ => answer.Status is 200 or 201,
            };
            return (opens, $"{answer.Status} {answer.Body}");
        }

        public void Dispose()
        {
            issuer.Dispose();
            key.Dispose();
            certificate.Dispose();
        }

        private async Task<ApiResponse> PresentAsync(string token, string way)
        {
            var admin = Server.Admin;
            return way switch
            {
                "verify" => await admin.VerifyAsync(token).Expect(200),
                "batch" => await admin.PostAsync("/v1/verify/batch", new { items = new[] { new { token } } }).Expect(200),
                "forward-auth" => await admin.With(token).GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(Api.Identifier)}"),
                "introspect" => await admin.FormAsync("/oauth/introspect", [("token", token)]).Expect(200),
                "me" => await admin.With(token).GetAsync("/v1/me"),
                "own credential" => await admin.With(token).GetAsync("/v1/me/credential"),
                "rotate itself" => await admin.With(token).PostAsync("/v1/me/credential/rotate", new { overlap_seconds = 60 }),
                _ => await Anyone.FormAsync(
                    "/oauth/token",
                    [
                        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                        ("subject_token", token),
                        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                        ("resource", Api.Identifier),
                    ],
                    Client
                ),
            };
        }

        private async Task<ApiResponse?> AsClientAsync(string kind, ApiResponse made, string path, params (string, string)[] form) =>
            kind switch
            {
                "client_secret" => await Anyone.FormAsync(path, form, (application, made.Text("client_secret"))),
                "public_key" => await Anyone.FormAsync(path, [.. form, .. Assertion(key.Assertion(application, Server.Admin.Address))]),
                "federated_identity" => await Anyone.FormAsync(
                    path,
                    [.. form, ("client_id", application), .. Assertion(issuer.Token(ForeignIssuer.GitHub(Server.Admin.Address)))]
                ),
                "certificate" => await CertificateClient.To(Server.Tls, certificate).FormAsync(path, [.. form, ("client_id", application)]),
                _ => null,
            };

        private static (string, string)[] Next(string kind)
        {
            using var next = ClientKey.Make();
            return kind switch
            {
                "public_key" => [("jwk", next.Jwk.ToJsonString())],
                "certificate" => [("certificate", TestAuthority.SelfSigned().ExportCertificatePem())],
                _ => [],
            };
        }

        private static (string, string)[] Assertion(string assertion) =>
            [("client_assertion_type", Bearer), ("client_assertion", assertion)];
    }
}
