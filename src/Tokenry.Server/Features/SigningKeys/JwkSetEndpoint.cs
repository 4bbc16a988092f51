using Microsoft.OpenApi;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SigningKeys;

/// <summary><c>GET /.well-known/jwks.json</c>: the public keys that verify access tokens (RFC 7517), served from memory.</summary>
public static class JwkSetEndpoint
{
    public static void MapJwkSet(this IEndpointRouteBuilder app, SigningKeyRing keys, TimeSpan maxAge) =>
        PublicDocument
            .Map(app, "/.well-known/jwks.json", keys.JwkSetAsync, maxAge)
            .WithTags("Discovery")
            .WithSummary("List the public keys that verify access tokens (RFC 7517).")
            .Answers("application/jwk-set+json", new RouteMember("keys", "JSON Web Keys.", Required: true, JsonSchemaType.Array))
            .OpenToAnybody();
}
