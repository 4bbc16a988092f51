using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Policies;

/// <summary>A way to make a credential of a kind, or to let it live longer.</summary>
/// <param name="Route">The route.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Act">create, quick, revise, rotate, enable, renew or transfer.</param>
internal sealed record PolicyDoor(Route Route, string Kind, string Act);

/// <summary>A rule that everything in a <see cref="PolicyWorld"/> breaks.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Policy">The policy with it.</param>
/// <param name="Patch">A PATCH of a credential that breaks it.</param>
internal sealed record TriedRule(string Name, object Policy, string Patch);

/// <summary>An organization with a credential of each kind that never expires and works everywhere, one awake and one disabled.</summary>
internal sealed class PolicyWorld : IAsyncDisposable
{
    public static readonly TriedRule[] Rules =
    [
        new("max_lifetimes", PolicyCalls.LifeOfAll(3600), """{"expires_at":null}"""),
        new("expiry_required", new { expiry_required = PolicyCalls.Kinds }, """{"expires_at":null}"""),
        new("forbidden_kinds", new { forbidden_kinds = PolicyCalls.Kinds }, """{"allowed_ips":["127.0.0.0/8"]}"""),
        new("allowed_networks", new { allowed_networks = new[] { "10.0.0.0/8" } }, """{"allowed_ips":null}"""),
    ];

    private readonly CertificateServer _server;
    private readonly Dictionary<string, ApiResponse> _awake = [];
    private readonly Dictionary<string, string> _disabled = [];
    private readonly Dictionary<string, string> _outside = [];
    private readonly ForeignIssuer _issuer = new();
    private readonly ClientKey _key = ClientKey.Make();
    private readonly X509Certificate2 _certificate = TestAuthority.SelfSigned();
    private string _application = "";
    private Person _person = null!;
    private Person _administrator = null!;
    private CreatedApi _api = null!;

    private PolicyWorld(CertificateServer server, string organization) => (_server, Organization) = (server, organization);

    public string Organization { get; }

    private ApiClient Admin => _server.Admin;

    public static async Task<PolicyWorld> MakeAsync(CertificateServer server)
    {
        var admin = server.Admin;
        var world = new PolicyWorld(server, await admin.OrganizationAsync());
        world._application = (await admin.ApplicationOfAsync(world.Organization)).Id;
        world._person = await admin.MemberAsync(world.Organization, [OrganizationCalls.OrganizationMember], At(Management, "tokens:own"));
        world._api = await admin.CreateApiAsync(["invoices:read"]);
        var role = await admin.CreateRoleAsync([At(world._api.Identifier, "invoices:read")]);
        world._administrator = await admin.MemberAsync(
            world.Organization,
            [OrganizationCalls.OrganizationAdministrator, role.Id],
            At(Management, OrganizationCalls.AllScopes),
            At(world._api.Identifier, "invoices:read")
        );
        foreach (var caller in new[] { world._person, world._administrator })
            await admin.PatchAsync($"/v1/tokens/{caller.Token.Id}", """{"expires_at":null}""").Expect(200);
        foreach (var kind in PolicyCalls.Kinds)
        {
            world._awake[kind] = await world.CreateAsync(kind, world.OwnerOf(kind), isKnown: true);
            world._disabled[kind] = (await world.CreateAsync(kind, world.OwnerOf(kind))).Text("id");
            await admin.PostAsync($"{Collection(kind, world.OwnerOf(kind))}/{world._disabled[kind]}/disable").Expect(200);
            if (kind == "personal_access_token")
                continue;
            world._outside[kind] = (await admin.CreateApplicationAsync([])).Id;
            await world.CreateAsync(kind, world._outside[kind]);
        }

        return world;
    }

    /// <summary>A request of the door that would break the rule.</summary>
    public Task<ApiResponse> TryAsync(PolicyDoor door, TriedRule rule)
    {
        var isOwn = door.Route.Path.StartsWith("/v1/me/", StringComparison.Ordinal);
        var client = isOwn ? _person.Client : Admin;
        var id = door.Act == "enable" ? _disabled[door.Kind] : _awake[door.Kind].Text("id");
        var path = door.Route.Path.Replace("{owner}", OwnerOf(door.Kind), StringComparison.Ordinal);
        return door.Act switch
        {
            "create" => client.PostAsync(path, Body(door.Kind, isKnown: false)),
            "quick" => _administrator.Client.PostAsync(
                path,
                new
                {
                    name = "quick",
                    api = _api.Identifier,
                    scopes = new[] { "invoices:read" },
                }
            ),
            "revise" => client.PatchAsync(path.Replace("{id}", id, StringComparison.Ordinal), rule.Patch),
            "rotate" when path == "/v1/me/credential/rotate" => Admin
                .With(_awake[door.Kind].Text("token"))
                .PostAsync(path, new { overlap_seconds = 60 }),
            "rotate" => client.PostAsync(path.Replace("{id}", id, StringComparison.Ordinal), new { overlap_seconds = 60 }),
            "enable" => client.PostAsync(path.Replace("{id}", id, StringComparison.Ordinal)),
            "renew" => RenewAsync(door.Kind),
            _ => Admin.PostAsync(
                path.Replace("{id}", _outside[door.Kind], StringComparison.Ordinal),
                new { owner = (string?)null, organization_id = Organization }
            ),
        };
    }

    /// <summary>Whether the answer says that rule, of this organization, and what it allows.</summary>
    public bool IsRefusal(ApiResponse answer, TriedRule rule)
    {
        if (answer.Status != 422)
            return false;
        if (answer.Path == "/oauth/renew")
        {
            var description = answer.Text("error_description");
            return answer.Text("error") == "policy_violation"
                && description.Contains(rule.Name, StringComparison.Ordinal)
                && description.Contains(Organization, StringComparison.Ordinal);
        }

        var policy = answer.Json.GetProperty("policy");
        return answer.Text("code") == "policy_violation"
            && answer.Text("policy.rule") == rule.Name
            && answer.Text("policy.owner") == Organization
            && policy.TryGetProperty("latest_expires_at", out _) == (rule.Name == "max_lifetimes")
            && policy.TryGetProperty("allowed_networks", out _) == (rule.Name == "allowed_networks");
    }

    /// <summary>Credentials that are awake and that a check refuses: there should be none.</summary>
    public async Task<IReadOnlyList<string>> RefusedChecksAsync()
    {
        var faults = new List<string>();
        foreach (var kind in new[] { "api_key", "anonymous_api_key", "personal_access_token" })
        {
            if (await Admin.CodeAsync(_awake[kind].Text("token")) is not "valid" and var code)
                faults.Add($"{kind} is {code}");
        }

        if ((await TokenAsync([], _awake["client_secret"].Text("client_secret"))).Status == 401)
            faults.Add("client_secret is refused");
        if ((await TokenAsync(Assertion())).Status == 401)
            faults.Add("public_key is refused");
        return faults;

        Task<ApiResponse> TokenAsync((string, string)[] form, string? secret = null) =>
            Admin
                .With(null)
                .FormAsync("/oauth/token", [("grant_type", "client_credentials"), .. form], secret is null ? null : (_application, secret));
    }

    public ValueTask DisposeAsync()
    {
        _issuer.Dispose();
        _key.Dispose();
        _certificate.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ApiResponse> RenewAsync(string kind)
    {
        (string, string) overlap = ("overlap_seconds", "60");
        using var next = ClientKey.Make();
        var client = Admin.With(null);
        return kind switch
        {
            "client_secret" => await client.FormAsync("/oauth/renew", [overlap], (_application, _awake[kind].Text("client_secret"))),
            "public_key" => await client.FormAsync("/oauth/renew", [overlap, ("jwk", next.Jwk.ToJsonString()), .. Assertion()]),
            _ => await CertificateClient
                .To(_server.Tls, _certificate)
                .FormAsync(
                    "/oauth/renew",
                    [overlap, ("client_id", _application), ("certificate", TestAuthority.SelfSigned().ExportCertificatePem())]
                ),
        };
    }

    private (string, string)[] Assertion() =>
        [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", _key.Assertion(_application, Admin.Address)),
        ];

    private string OwnerOf(string kind) => kind == "personal_access_token" ? _person.Id : _application;

    private static string Collection(string kind, string owner) =>
        kind switch
        {
            "personal_access_token" => $"/v1/users/{owner}/tokens",
            "client_secret" => $"/v1/applications/{owner}/secrets",
            "public_key" => $"/v1/applications/{owner}/public-keys",
            "certificate" => $"/v1/applications/{owner}/certificates",
            "federated_identity" => $"/v1/applications/{owner}/federated-identities",
            _ => $"/v1/applications/{owner}/api-keys",
        };

    private Task<ApiResponse> CreateAsync(string kind, string owner, bool isKnown = false) =>
        Admin.PostAsync(Collection(kind, owner), Body(kind, isKnown)).Expect(201);

    /// <summary>A request for a credential that never expires and works everywhere.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="isKnown">Whether it is registered with the key and the certificate that the world holds.</param>
    private JsonObject Body(string kind, bool isKnown)
    {
        using var other = ClientKey.Make();
        var key = isKnown ? _key : other;
        var body = new JsonObject { ["name"] = CreateRequests.Unique(kind), ["expires_at"] = null };
        switch (kind)
        {
            case "anonymous_api_key":
                body["anonymous"] = true;
                break;
            case "personal_access_token":
                body["organization_id"] = Organization;
                break;
            case "public_key":
                body["jwk"] = key.Jwk.DeepClone();
                body["alg"] = key.Algorithm;
                break;
            case "certificate":
                body["certificate"] = (isKnown ? _certificate : TestAuthority.SelfSigned()).ExportCertificatePem();
                break;
            case "federated_identity":
                body["issuer"] = _issuer.Address;
                body["subject"] = ForeignIssuer.GitHubSubject;
                body["jwks"] = _issuer.Jwks.DeepClone();
                break;
        }

        return body;
    }
}
