using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Features.ApiResources;
using Tokenry.Server.Platform.Store;

namespace Tokenry.MicroBenchmarks;

/// <summary>A company of some size, in the store: twenty APIs of ten scopes, three roles, an application that has them all.</summary>
internal sealed class Sample(OpenedStore store, string applicationId, string[] roleIds)
{
    /// <summary>Takes every kind for every scope.</summary>
    public const string Api = "https://api-15.example.com";

    /// <summary>Takes an API key for all scopes but one.</summary>
    public const string NarrowedApi = "https://api-16.example.com";

    private const int Apis = 20;

    private static readonly string[] Nouns = ["invoices", "customers", "orders", "payments", "reports"];

    public string ApplicationId => applicationId;

    public static async Task<Sample> CreateAsync(OpenedStore store)
    {
        var now = store.Get<TimeProvider>().GetUtcNow();
        ApiResource[] apis = [.. Enumerable.Range(0, Apis).Select(number => Resource(number, now))];
        RoleRow[] roles =
        [
            Role("reader", now, apis, name => name.EndsWith(":read", StringComparison.Ordinal)),
            Role("clerk", now, apis, name => !name.StartsWith("payments:", StringComparison.Ordinal)),
            Role("treasurer", now, apis[10..], _ => true),
        ];
        await store
            .Get<Database>()
            .WriteAsync(async tx =>
            {
                foreach (var api in apis)
                {
                    await ApiResourceStore.InsertAsync(tx, ApiResourceRow.Of(api));
                }

                foreach (var role in roles)
                {
                    await RoleStore.InsertAsync(tx, role);
                }

                return roles.Length;
            });
        return await RegisterAsync(store, [.. roles.Select(role => role.Id)], limits: null);
    }

    /// <summary>Beside another application with the same roles, which is limited.</summary>
    public Task<Sample> WithAnotherApplicationAsync(IReadOnlyList<RateLimit> limits) => RegisterAsync(store, roleIds, limits);

    /// <summary>A new API key of the application, which follows it where no permissions are named.</summary>
    /// <returns>The string that is presented.</returns>
    public async Task<string> IssueKeyAsync(IReadOnlyList<Permission>? permissions = null, IReadOnlyList<RateLimit>? limits = null)
    {
        var catalog = await store.Get<CatalogCache>().GetAsync();
        var owner = (await store.Get<PrincipalCache>().GetAsync(applicationId))!;
        var draft = new CredentialDraft
        {
            Name = "key",
            Permissions = permissions is null ? CredentialPermissions.Owner : new(permissions),
            Terms = new CredentialTerms { RateLimits = limits },
        };
        var issued = await store
            .Get<SystemGate>()
            .WriteAsync(
                "api_key.created",
                (tx, entry) => store.Get<IssueCredential>().RunAsServerAsync(new(tx, entry, catalog), owner, CredentialKind.ApiKey, draft)
            );
        return issued.Token!;
    }

    /// <summary>What the server makes of a presented string.</summary>
    /// <exception cref="InvalidOperationException">It is not good, so that nothing would be measured.</exception>
    public async Task<Authenticated> AuthenticateAsync(string presented)
    {
        var authenticated = await store.Get<Authenticator>().AuthenticateAsync(presented);
        return authenticated as Authenticated ?? throw new InvalidOperationException($"The sample is {authenticated.Code}.");
    }

    /// <summary>Two scopes at each of five APIs, <see cref="Api"/> and <see cref="NarrowedApi"/> the last of them.</summary>
    public static IReadOnlyList<Permission> SomePermissions =>
        [.. Enumerable.Range(12, 5).Select(number => new Permission(Identifier(number), ["invoices:read", "orders:write"]))];

    private static async Task<Sample> RegisterAsync(OpenedStore store, string[] roleIds, IReadOnlyList<RateLimit>? limits)
    {
        var now = store.Get<TimeProvider>().GetUtcNow();
        var row = new PrincipalRow
        {
            Id = PublicId.Create("app", PublicId.NewUuid7(now)),
            Type = PrincipalType.Application,
            Name = "Billing",
            RateLimits = JsonColumn.Write(limits),
            CreatedAt = now.ToUnixTimeMilliseconds(),
        };
        await store
            .Get<Database>()
            .WriteAsync(async tx =>
            {
                await PrincipalStore.InsertAsync(tx, row, passwordHash: null, roleIds);
                return row.Id;
            });
        return new Sample(store, row.Id, roleIds);
    }

    private static string Identifier(int number) => $"https://api-{number:D2}.example.com";

    private static IEnumerable<string> ScopeNames => Nouns.SelectMany(noun => new[] { noun + ":read", noun + ":write" });

    private static ApiResource Resource(int number, DateTimeOffset now) =>
        new()
        {
            Id = PublicId.Create("res", PublicId.NewUuid7(now)),
            Identifier = Identifier(number),
            Name = $"API {number}",
            Scopes =
            [
                .. ScopeNames.Select(name => new ScopeDefinition(
                    name,
                    AcceptedCredentials: Identifier(number) == NarrowedApi && name == "payments:write" ? [CredentialKind.AccessToken] : null
                )),
            ],
            AcceptedCredentials = ApiResourceRules.DefaultAccepted,
            AccessTokenSigningAlg = JwsAlgorithms.Es256,
            Carriers = ApiResourceRules.DefaultCarriers,
            ObjectTypes = [],
            ObjectsInTokens = false,
            MinimumStrength = MinimumStrength.Bearer,
            OneTimeTokens = false,
            AccessTokenLifetimeSeconds = ApiResourceRules.DefaultLifetimeSeconds,
            ResourceServers = [],
            AccessLog = AccessLogLevel.Denials,
            CreatedAt = now,
        };

    private static RoleRow Role(string name, DateTimeOffset now, IEnumerable<ApiResource> apis, Func<string, bool> has) =>
        new()
        {
            Id = PublicId.Create("rol", PublicId.NewUuid7(now)),
            Name = name,
            Permissions = JsonColumn.Write(
                [.. apis.Select(api => new StoredGrant(api.Id, [.. ScopeNames.Where(has)]))],
                CatalogJson.Default.StoredGrantArray
            ),
            CreatedAt = now.ToUnixTimeMilliseconds(),
        };
}
