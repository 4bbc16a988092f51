using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.EntityFrameworkCore.Models;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tokenry.Peers.OpenIddict;

/// <summary>
/// A token endpoint for <c>client_credentials</c> (ES256) and introspection of its tokens. In its favour: one client, scopes and resources in the
/// configuration and not in the database, the claims set by a handler inside OpenIddict instead of an endpoint behind it.
/// </summary>
internal static class OpenIddictPeer
{
    private const string TokenPath = "/connect/token";
    private const string IntrospectPath = "/connect/introspect";
    private const string Scope = "invoices:read";

    /// <summary>The resource is also the client that introspects: OpenIddict tells only the audience of a token what it holds.</summary>
    private const string Api = "https://es256.example.com/";
    private const string Client = "caller";
    private const int Introspected = 100;

    public static async Task RunAsync(string address, OpenIddictSettings settings)
    {
        var directory = Directory.CreateTempSubdirectory("openiddict-");
        try
        {
            await using var app = Build(address, settings, Path.Combine(directory.FullName, "openiddict.db"));
            var (caller, api) = (NewSecret(), NewSecret());
            await StoreAsync(app.Services, caller, api);
            await app.StartAsync();
            var token = Post(
                TokenPath,
                Client,
                caller,
                $"grant_type=client_credentials&resource={Uri.EscapeDataString(Api)}&scope={Scope}"
            );
            await Announcement.WriteAsync(
                settings.Name,
                typeof(OpenIddictServerOptions),
                address,
                new Dictionary<string, IReadOnlyList<PlannedRequest>>
                {
                    ["client_credentials_es256"] = [token with { Expect = "\"access_token\":" }],
                    ["introspect_jwt"] =
                    [
                        .. (await TokensAsync(address, token)).Select(issued =>
                            Post(IntrospectPath, Api, api, "token=" + issued) with
                            {
                                Expect = "\"active\": true",
                            }
                        ),
                    ],
                }
            );
            await app.WaitForShutdownAsync();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static WebApplication Build(string address, OpenIddictSettings settings, string file)
    {
        var builder = PeerHost.Create(address);
        void Configure(DbContextOptionsBuilder database) =>
            (
                settings.InMemory
                    ? database.UseInMemoryDatabase("openiddict")
                    : database.UseSqlite($"Data Source={file}").AddInterceptors(new WaitingConnections())
            ).UseOpenIddict();
        if (settings.IsTuned)
        {
            builder.Services.AddDbContextPool<OpenIddictStore>(Configure);
        }
        else
        {
            builder.Services.AddDbContext<OpenIddictStore>(Configure);
        }

        builder
            .Services.AddOpenIddict()
            .AddCore(core =>
            {
                core.UseEntityFrameworkCore().UseDbContext<OpenIddictStore>();
                if (settings.IsTuned)
                {
                    // What it filters again in memory is what the store has already compared byte by byte.
                    core.DisableAdditionalFiltering();
                    core.ReplaceApplicationManager<OpenIddictEntityFrameworkCoreApplication, DigestedSecrets>();
                }
            })
            .AddServer(server =>
            {
                server.SetIssuer(new Uri(address)).SetTokenEndpointUris(TokenPath).SetIntrospectionEndpointUris(IntrospectPath);
                server.AllowClientCredentialsFlow().RegisterScopes(Scope).RegisterResources(Api);
                // Introspected tokens outlive the run.
                server.SetAccessTokenLifetime(TimeSpan.FromHours(1));
                server.AddSigningKey(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)));
                // The tokens are JWTs that an API can read, as ours are; encrypting them, its default, costs an RSA operation more.
                server.AddEphemeralEncryptionKey().DisableAccessTokenEncryption();
                server.UseAspNetCore().DisableTransportSecurityRequirement();
                server.AddEventHandler<OpenIddictServerEvents.HandleTokenRequestContext>(handler => handler.UseInlineHandler(Grant));
                if (settings.IsTuned)
                {
                    // A token can then not be revoked.
                    server.DisableTokenStorage();
                }
            });
        var app = builder.Build();
        app.UseAuthentication();
        return app;
    }

    private static ValueTask Grant(OpenIddictServerEvents.HandleTokenRequestContext context)
    {
        var identity = new ClaimsIdentity(TokenValidationParameters.DefaultAuthenticationType, Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, context.ClientId).SetScopes(context.Request.GetScopes());
        identity.SetResources(context.Request.GetResources()).SetDestinations(_ => [Destinations.AccessToken]);
        context.SignIn(new ClaimsPrincipal(identity));
        return ValueTask.CompletedTask;
    }

    private static async Task StoreAsync(IServiceProvider services, string caller, string api)
    {
        await using var scope = services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<OpenIddictStore>().Database.EnsureCreatedAsync();
        var applications = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        await applications.CreateAsync(
            new OpenIddictApplicationDescriptor
            {
                ClientId = Client,
                ClientSecret = caller,
                Permissions =
                {
                    Permissions.Endpoints.Token,
                    Permissions.GrantTypes.ClientCredentials,
                    Permissions.Prefixes.Scope + Scope,
                    Permissions.Prefixes.Resource + Api,
                },
            }
        );
        await applications.CreateAsync(
            new OpenIddictApplicationDescriptor
            {
                ClientId = Api,
                ClientSecret = api,
                Permissions = { Permissions.Endpoints.Introspection },
            }
        );
    }

    private static async Task<IReadOnlyList<string>> TokensAsync(string address, PlannedRequest request)
    {
        using var http = new HttpClient();
        var tokens = new List<string>();
        while (tokens.Count < Introspected)
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, address + request.Path);
            message.Content = new StringContent(request.Body!, Encoding.UTF8, request.Headers["content-type"]);
            message.Headers.TryAddWithoutValidation("authorization", request.Headers["authorization"]);
            using var response = await http.SendAsync(message);
            var body = await response.Content.ReadAsStringAsync();
            if (!response.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"No access token to introspect: {body}");
            }

            using var answer = JsonDocument.Parse(body);
            tokens.Add(answer.RootElement.GetProperty("access_token").GetString()!);
        }

        return tokens;
    }

    private static PlannedRequest Post(string path, string client, string secret, string body)
    {
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Uri.EscapeDataString(client)}:{secret}"));
        var headers = new Dictionary<string, string>
        {
            ["authorization"] = "Basic " + basic,
            ["content-type"] = "application/x-www-form-urlencoded",
        };
        return new PlannedRequest("POST", path, headers, body, "");
    }

    private static string NewSecret() => RandomNumberGenerator.GetHexString(64, lowercase: true);
}
