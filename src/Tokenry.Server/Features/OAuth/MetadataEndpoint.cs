using System.Text.Json;
using Microsoft.OpenApi;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Features.OAuth.Grants;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.OAuth;

/// <summary>
/// Authorization server metadata (RFC 8414). It is written once, from the registered grants and methods and the configured issuer, and does not depend on
/// the request's Host. Optional members without values are omitted (§3.2).
/// </summary>
public static class MetadataEndpoint
{
    private static readonly RouteMember[] Members =
    [
        new("issuer", "The issuer.", Required: true),
        new("token_endpoint", "Where tokens are bought.", Required: true),
        new("introspection_endpoint", "RFC 7662.", Required: true),
        new("revocation_endpoint", "RFC 7009.", Required: true),
        new("jwks_uri", "The public keys.", Required: true),
        new("response_types_supported", "None: there is no authorization endpoint.", Required: true, JsonSchemaType.Array),
        new("grant_types_supported", "The grants.", Required: true, JsonSchemaType.Array),
        new("token_endpoint_auth_methods_supported", "Client authentication there.", Required: true, JsonSchemaType.Array),
        new("introspection_endpoint_auth_methods_supported", "Client authentication there.", Required: true, JsonSchemaType.Array),
        new("revocation_endpoint_auth_methods_supported", "Client authentication there.", Required: true, JsonSchemaType.Array),
        new(
            "token_endpoint_auth_signing_alg_values_supported",
            "What assertions may be signed with there.",
            Required: true,
            JsonSchemaType.Array
        ),
        new("introspection_endpoint_auth_signing_alg_values_supported", "The same.", Required: true, JsonSchemaType.Array),
        new("revocation_endpoint_auth_signing_alg_values_supported", "The same.", Required: true, JsonSchemaType.Array),
        new("dpop_signing_alg_values_supported", "What DPoP proofs may be signed with (RFC 9449).", Required: true, JsonSchemaType.Array),
        new(
            "tls_client_certificate_bound_access_tokens",
            "RFC 8705 §3.3; absent where no certificates are seen.",
            Type: JsonSchemaType.Boolean
        ),
        new("mtls_endpoint_aliases", "Where clients with certificates go (RFC 8705 §5).", Type: JsonSchemaType.Object),
    ];

    public static void MapMetadata(this IEndpointRouteBuilder app, TokenryOptions options)
    {
        IClientAuthenticationMethod[] methods = [.. app.ServiceProvider.GetServices<IClientAuthenticationMethod>()];
        string[] grants = [.. app.ServiceProvider.GetServices<IGrant>().Select(grant => grant.Name)];
        var document = new PublicDocument(Write(options, grants, methods), MediaType.Json);
        var path = new Uri(options.Issuer).AbsolutePath.TrimEnd('/');
        // RFC 8414 §3.1 inserts the issuer's path behind the well-known part; OpenID Connect Discovery appends the well-known part.
        string[] routes = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
        foreach (var route in path.Length == 0 ? routes : [.. routes, .. routes.Select(route => route + path)])
        {
            document
                .Map(app, route)
                .WithTags("Discovery")
                .WithSummary("Describe this authorization server (RFC 8414).")
                .Answers(MediaType.Json, Members)
                .OpenToAnybody();
        }
    }

    private static byte[] Write(TokenryOptions options, string[] grants, IClientAuthenticationMethod[] methods)
    {
        var issuer = options.Issuer;
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("issuer", issuer);
            WriteEndpoints(issuer);
            json.WriteString("jwks_uri", issuer + "/.well-known/jwks.json");
            // RFC 8414 §2 requires the member and clients check it. It is empty because the server has no authorization endpoint.
            WriteArray("response_types_supported", []);
            WriteArray("grant_types_supported", grants);
            foreach (var endpoint in new[] { "token", "introspection", "revocation" })
            {
                // A public client may not introspect (RFC 7662 §2.1).
                var open = methods.Where(method => method.IsProof || endpoint != "introspection").ToList();
                WriteArray(endpoint + "_endpoint_auth_methods_supported", [.. open.SelectMany(method => method.Names)]);
                WriteArray(
                    endpoint + "_endpoint_auth_signing_alg_values_supported",
                    [.. open.SelectMany(method => method.SigningAlgorithms).Distinct()]
                );
            }

            if (options.Tls.SeesCertificates)
            {
                json.WriteBoolean("tls_client_certificate_bound_access_tokens", value: true);
            }

            if (PublicAddress.ForCertificates(options) is { } own)
            {
                json.WriteStartObject("mtls_endpoint_aliases");
                WriteEndpoints(own);
                json.WriteEndObject();
            }

            WriteArray("dpop_signing_alg_values_supported", DpopProofValidator.Algorithms);

            json.WriteEndObject();

            void WriteEndpoints(string address)
            {
                json.WriteString("token_endpoint", address + "/oauth/token");
                json.WriteString("introspection_endpoint", address + "/oauth/introspect");
                json.WriteString("revocation_endpoint", address + "/oauth/revoke");
            }

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
