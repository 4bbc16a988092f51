using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Tokenry.Peers.JwtBearer;

/// <summary>
/// A route that asks for a JWT with a scope, checked by ASP.NET Core's own handler in the process of the API. In its favour: the key is in the
/// configuration, so that no key set is ever read, and claims keep their names.
/// </summary>
internal static class JwtBearerPeer
{
    private const string Issuer = "https://issuer.example.com";
    private const string Api = "https://es256.example.com";
    private const string Scope = "invoices:read";
    private const string Route = "/invoices";
    private const int Tokens = 100;

    public static async Task RunAsync(string address)
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = new ECDsaSecurityKey(ec) { KeyId = "es256" };
        var builder = PeerHost.Create(address);
        builder
            .Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme)
            .AddJwtBearer(bearer =>
            {
                bearer.MapInboundClaims = false;
                bearer.TokenValidationParameters = new TokenValidationParameters
                {
                    IssuerSigningKey = key,
                    ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
                    ValidAudience = Api,
                    ValidIssuer = Issuer,
                    ValidTypes = ["at+jwt"],
                };
            });
        builder.Services.AddAuthorizationBuilder().AddPolicy(Scope, policy => policy.RequireAssertion(context => HasScope(context.User)));
        await using var app = builder.Build();
        app.MapGet(Route, () => Results.Json(new { ok = true })).RequireAuthorization(Scope);
        await app.StartAsync();
        await Announcement.WriteAsync(
            "JwtBearer",
            typeof(JwtBearerHandler),
            address,
            new Dictionary<string, IReadOnlyList<PlannedRequest>>
            {
                ["protected_route"] =
                [
                    .. Enumerable
                        .Range(0, Tokens)
                        .Select(_ => new PlannedRequest(
                            "GET",
                            Route,
                            new Dictionary<string, string> { ["authorization"] = "Bearer " + Token(key) },
                            Body: null,
                            "\"ok\":true"
                        )),
                ],
            }
        );
        await app.WaitForShutdownAsync();
    }

    private static bool HasScope(ClaimsPrincipal user) => user.FindFirst("scope")?.Value.Split(' ').Contains(Scope) == true;

    /// <summary>With the claims of RFC 9068; it outlives the run.</summary>
    private static string Token(SecurityKey key) =>
        new JsonWebTokenHandler().CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = Issuer,
                Audience = Api,
                TokenType = "at+jwt",
                Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(12),
                SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.EcdsaSha256),
                Claims = new Dictionary<string, object>
                {
                    ["sub"] = "caller",
                    ["client_id"] = "caller",
                    ["scope"] = Scope,
                    ["jti"] = RandomNumberGenerator.GetHexString(32, lowercase: true),
                },
            }
        );
}
