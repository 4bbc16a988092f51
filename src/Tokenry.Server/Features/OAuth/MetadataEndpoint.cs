using System.Text.Json;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Features.OAuth;

/// <summary>
/// Authorization server metadata (RFC 8414), written once from the same lists the endpoints enforce and from the configured issuer, whatever
/// Host a request names. Members without values are left out (§3.2).
/// </summary>
public static class MetadataEndpoint
{
    public static void MapMetadata(this IEndpointRouteBuilder app, TokenryOptions options)
    {
        var document = new PublicDocument(Write(options.Issuer), "application/json");
        var path = new Uri(options.Issuer).AbsolutePath.TrimEnd('/');
        // RFC 8414 §3.1 inserts the issuer's path behind the well-known part; OpenID Connect Discovery appends the well-known part.
        string[] routes = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
        foreach (var route in path.Length == 0 ? routes : [.. routes, .. routes.Select(route => route + path)])
        {
            app.MapGet(route, document.ServeAsync).WithTags("Discovery").OpenToAnybody();
        }
    }

    private static byte[] Write(string issuer)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("issuer", issuer);
            json.WriteString("token_endpoint", issuer + "/oauth/token");
            json.WriteString("introspection_endpoint", issuer + "/oauth/introspect");
            json.WriteString("revocation_endpoint", issuer + "/oauth/revoke");
            json.WriteString("jwks_uri", issuer + "/.well-known/jwks.json");
            WriteArray("grant_types_supported", TokenEndpoint.GrantTypes);
            foreach (var endpoint in new[] { "token", "introspection", "revocation" })
            {
                WriteArray(endpoint + "_endpoint_auth_methods_supported", ClientAuthenticator.Methods);
            }

            json.WriteEndObject();

            void WriteArray(string name, IReadOnlyList<string> values)
            {
                json.WriteStartArray(name);
                foreach (var value in values)
                {
                    json.WriteStringValue(value);
                }

                json.WriteEndArray();
            }
        }

        return stream.ToArray();
    }
}
