using System.Globalization;
using System.Text;
using System.Text.Json;
using Tokenry.Benchmarks.Load;
using Tokenry.Testing;

namespace Tokenry.Benchmarks.Subjects;

/// <summary>
/// Tokenry as it is shipped, its own process on one engine, with everything on: roles, audit, usage, a rate limit and a quota on every key. A
/// hundred applications with ten keys and a client secret each take turns, so that no path is measured on one lucky entry.
/// </summary>
internal static class TokenrySubject
{
    public const string Sqlite = "Tokenry, SQLite";
    public const string Postgres = "Tokenry, PostgreSQL";

    public const string TokenEs256 = "client_credentials_es256";
    public const string TokenRs256 = "client_credentials_rs256";
    public const string Verify = "verify";
    public const string IntrospectOpaque = "introspect_opaque";
    public const string IntrospectJwt = "introspect_jwt";
    public const string ForwardAuth = "forward_auth";
    public const string KeySet = "jwks";
    public const string CreateApiKey = "create_api_key";
    public const string Rotate = "rotate";

    internal const string TokenPath = "/oauth/token";
    internal const string Form = "application/x-www-form-urlencoded";
    internal const string Json = "application/json";
    internal const string Scope = "invoices:read";
    private const int Apis = 5;
    private const int Owners = 100;
    private const int KeysEach = 10;

    internal static readonly object[] RateLimits =
    [
        new
        {
            name = "burst",
            limit = 1_000_000_000,
            window_seconds = 60,
        },
        new
        {
            name = "monthly",
            limit = 100_000_000_000,
            period = "month",
        },
    ];

    /// <summary>On SQLite, somewhere else than beside the load.</summary>
    public static Task<Subject> StartAsync(Placement placement) => StartAsync(Sqlite, Engine.Sqlite, new ServerOptions(), placement);

    /// <param name="engine">Its store.</param>
    /// <param name="settings">Of its environment, beside what it needs.</param>
    public static Task<Subject> StartAsync(Engine engine, IReadOnlyDictionary<string, string?>? settings = null) =>
        StartAsync(
            engine == Engine.Sqlite ? Sqlite : Postgres,
            engine,
            new ServerOptions { Settings = settings ?? new Dictionary<string, string?>() }
        );

    /// <summary>The server of another checkout, on SQLite: what a change does to it is seen in one run, whatever the machine's mood.</summary>
    public static Task<Subject> StartOtherAsync(string checkout) =>
        StartAsync(
            "Tokenry, other build",
            Engine.Sqlite,
            new ServerOptions
            {
                Assembly = Path.Combine(Path.GetFullPath(checkout), Path.GetRelativePath(Repository.Root, Repository.ServerDll)),
            }
        );

    private static async Task<Subject> StartAsync(string name, Engine engine, ServerOptions options, Placement? placement = null)
    {
        placement ??= Placement.Apart;
        var cluster = engine == Engine.Postgres ? await PostgresCluster.StartPrivateAsync() : null;
        if (cluster is not null)
        {
            Cores.Move(cluster.ProcessIds[0], Cores.Load);
        }

        var tls = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{FreePort.Next()}");
        var server = await ServerProcess.StartAsync(
            engine,
            options with
            {
                Settings = new Dictionary<string, string?>(options.Settings) { ["Tokenry:TlsUrl"] = tls },
                Processors = placement.Server,
                ConnectionString = cluster is null ? null : await cluster.CreateDatabaseAsync(),
            }
        );
        return new Subject(name, server.Address, server.ProcessId, await RequestsAsync(server, tls))
        {
            Placement = placement,
            Database = () => cluster?.ProcessIds ?? [],
            Allocated = () => AllocatedAsync(server.Address),
            End = async () =>
            {
                await server.StopAsync();
                await server.DisposeAsync();
                if (cluster is not null)
                {
                    await cluster.DisposeAsync();
                }
            },
        };
    }

    private static async Task<long> AllocatedAsync(string address)
    {
        const string metric = "dotnet_gc_allocated_bytes_total ";
        var line = (await Subject.GetAsync(address + "/metrics"))
            .Split('\n')
            .Single(line => line.StartsWith(metric, StringComparison.Ordinal));
        return (long)double.Parse(line[metric.Length..], CultureInfo.InvariantCulture);
    }

    private static async Task<Dictionary<string, IReadOnlyList<PlannedRequest>>> RequestsAsync(ServerProcess server, string tls)
    {
        var admin = await server.AdminAsync();
        var scenario = Scenario.On(admin);
        for (var i = 0; i < Apis; i++)
        {
            // An hour: tokens that are introspected were bought before anything was measured.
            var api = new { access_token_signing_alg = i == Apis - 1 ? "RS256" : "ES256", access_token_lifetime_seconds = 3600 };
            scenario.Api(_ => api, Scope, "invoices:write", "customers:read").Role();
        }

        for (var i = 0; i < Owners; i++)
        {
            scenario.Application(made => new { token_exchange_audiences = new[] { made.Apis[0].Identifier } }).ClientSecret().PublicKey();
            for (var key = 0; key < KeysEach; key++)
            {
                scenario.ApiKey(_ => new { rate_limits = RateLimits });
            }
        }

        var made = await scenario.CreateAsync();
        var door = await DoorAsync(admin);
        var (es256, rs256) = (made.Apis[0].Identifier, made.Apis[^1].Identifier);
        var clients = made.Applications.Zip(made.ClientSecrets, (owner, secret) => (owner.Id, secret.Secret)).ToList();
        var tokens = new List<string>();
        foreach (var client in clients)
        {
            var answer = await admin.With(null).FormAsync(TokenPath, TokenForm(es256), client).Expect(200);
            tokens.Add(answer.Text("access_token"));
        }

        var rotated = Scenario.On(admin).Role();
        for (var i = 0; i < Owners; i++)
        {
            rotated.Application().ApiKey();
        }

        var ladder = new Ladder(server.Address, tls, es256, made, clients);
        return new Dictionary<string, IReadOnlyList<PlannedRequest>>
        {
            [Ladder.PrivateKeyJwt] = ladder.PrivateKeyJwtRequests(),
            [Ladder.Dpop] = ladder.DpopRequests(),
            [Ladder.Mtls] = await ladder.MtlsRequestsAsync(admin),
            [Ladder.TokenExchange] = ladder.TokenExchangeRequests(),
            [Ladder.VerifyJwt] = [.. tokens.Select(token => VerifyRequest(token, es256, door))],
            [Ladder.VerifySigned] = await Ladder.VerifySignedRequestsAsync(admin, door),
            [TokenEs256] = [.. clients.Select(client => TokenRequest(es256, Basic(client)))],
            [TokenRs256] = [.. clients.Select(client => TokenRequest(rs256, Basic(client)))],
            [Verify] = [.. made.ApiKeys.Select(key => VerifyRequest(key.Secret, es256, door))],
            [IntrospectOpaque] = [.. made.ApiKeys.Select(key => IntrospectRequest(key.Secret, door))],
            [IntrospectJwt] = [.. tokens.Select(token => IntrospectRequest(token, door))],
            [ForwardAuth] =
            [
                .. made.ApiKeys.Select(key =>
                    PlannedRequest.Get(
                        $"/v1/forward-auth?api={Uri.EscapeDataString(es256)}&scope={Uri.EscapeDataString(Scope)}",
                        key.Secret,
                        ""
                    )
                ),
            ],
            [KeySet] = [PlannedRequest.Get("/.well-known/jwks.json", null, "\"kty\":\"EC\"")],
            [CreateApiKey] =
            [
                .. made.Applications.Select(owner =>
                    PlannedRequest.Post(
                        $"/v1/applications/{owner.Id}/api-keys",
                        Json,
                        """{"name":"ci"}""",
                        "Bearer " + admin.Bearer,
                        "tkr_key_"
                    )
                ),
            ],
            [Rotate] =
            [
                .. (await rotated.CreateAsync()).ApiKeys.Select(key =>
                    PlannedRequest.Post(
                        $"/v1/api-keys/{key.Id}/rotate",
                        Json,
                        """{"overlap_seconds":0}""",
                        "Bearer " + admin.Bearer,
                        "tkr_key_"
                    )
                ),
            ],
        };
    }

    /// <summary>A gateway's own key, with <c>verify</c> and <c>introspect</c>.</summary>
    private static async Task<string> DoorAsync(ApiClient admin)
    {
        string[] scopes = ["verify", "introspect"];
        var made = await Scenario
            .On(admin)
            .ManagementRole(scopes)
            .Application()
            .ApiKey(_ => new { permissions = new[] { new { api = "urn:tokenry:management", scopes } } })
            .CreateAsync();
        return "Bearer " + made.ApiKey.Secret;
    }

    private static (string, string)[] TokenForm(string api) => [("grant_type", "client_credentials"), ("resource", api), ("scope", Scope)];

    internal static PlannedRequest TokenRequest(string api, string? authorization, params (string, string)[] more) =>
        PlannedRequest.Post(TokenPath, Form, Encoded([.. TokenForm(api), .. more]), authorization, "access_token");

    internal static string Encoded((string Name, string Value)[] form) =>
        string.Join('&', form.Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value)}"));

    internal static string Basic((string Id, string Secret) client) =>
        "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{client.Id}:{client.Secret}"));

    private static PlannedRequest VerifyRequest(string key, string api, string door) =>
        PlannedRequest.Post(
            "/v1/verify",
            Json,
            JsonSerializer.Serialize(
                new
                {
                    token = key,
                    api,
                    scopes = new[] { Scope },
                }
            ),
            door,
            "\"valid\":true"
        );

    private static PlannedRequest IntrospectRequest(string token, string door) =>
        PlannedRequest.Post("/oauth/introspect", Form, "token=" + token, door, "\"active\":true");
}
