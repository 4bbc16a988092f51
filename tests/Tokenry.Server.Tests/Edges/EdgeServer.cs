using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Edges;

/// <summary>Tests that throw much at one server take their turns at it.</summary>
[CollectionDefinition(Name)]
public sealed class EdgeCollection : ICollectionFixture<EdgeServer>
{
    public const string Name = "one server at the edge";
}

/// <summary>A server of its own: it believes loopback's X-Forwarded-For, so that failures can come from many addresses and none is throttled.</summary>
public sealed class EdgeServer : IAsyncLifetime
{
    public ServerProcess Process { get; private set; } = null!;

    public ApiClient Admin { get; private set; } = null!;

    public Created Made { get; private set; } = null!;

    /// <summary>For the management API, good for some minutes.</summary>
    public string AccessToken { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var settings = new Dictionary<string, string?> { ["Tokenry:TrustedProxies"] = "127.0.0.1" };
        Process = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { Settings = settings });
        Admin = await Process.AdminAsync();
        Made = await CreateAsync();
        AccessToken = await Process.Client().AccessTokenAsync(Made.Client(), ("resource", Doors.Api));
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    /// <summary>An API, roles, an application and a user, and a credential of each kind.</summary>
    public Task<Created> CreateAsync() =>
        Scenario
            .On(Admin)
            .Api()
            .Role()
            .ManagementRole("audit:read")
            .Application()
            .User(_ => new { password = (string?)null })
            .ApiKey()
            .ClientSecret()
            .PublicKey()
            .Certificate()
            .FederatedIdentity()
            .PersonalAccessToken()
            .CreateAsync();
}
