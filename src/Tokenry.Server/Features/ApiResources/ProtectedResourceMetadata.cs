using System.Text.Json;
using Microsoft.OpenApi;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>
/// <c>GET /.well-known/oauth-protected-resource/{id}</c> (RFC 9728): what a client must know to get a token for an API resource. The path without an id
/// describes Tokenry's own API, and with <c>?resource=</c> the API resource of that identifier: a proxy at the API's own address hands requests for its
/// document on so.
/// </summary>
public static class ProtectedResourceMetadata
{
    private static readonly RouteMember[] Members =
    [
        new("resource", "The identifier of the API resource.", Required: true),
        new("authorization_servers", "Who issues tokens for it.", Required: true, JsonSchemaType.Array),
        new("scopes_supported", "Its scopes.", Type: JsonSchemaType.Array),
        new("bearer_methods_supported", "Where tokens travel: in the header.", Required: true, JsonSchemaType.Array),
        new("dpop_signing_alg_values_supported", "What DPoP proofs may be signed with.", Required: true, JsonSchemaType.Array),
        new(
            "tls_client_certificate_bound_access_tokens",
            "Whether it takes tokens bound to TLS client certificates (RFC 8705 §3); absent where no certificates are seen.",
            Type: JsonSchemaType.Boolean
        ),
        new(
            "dpop_bound_access_tokens_required",
            "Whether it takes tokens bound by DPoP alone: of bound ones only, where no certificates are seen.",
            Type: JsonSchemaType.Boolean
        ),
    ];

    public static void MapProtectedResourceMetadata(this IEndpointRouteBuilder app, TokenryOptions options, CatalogCache catalogs)
    {
        Map(ResourceMetadata.Path, "Describe Tokenry's own API to its clients (RFC 9728).");
        Map(ResourceMetadata.Path + "/{id}", "Describe an API resource to its clients (RFC 9728).")
            .WithName("well_known_oauth_protected_resource_show");

        IEndpointConventionBuilder Map(string route, string summary) =>
            PublicDocument
                .MapFound(app, route, context => FindAsync(context, options, catalogs))
                .WithTags("Discovery")
                .WithSummary(summary)
                .Answers(MediaType.Json, Members)
                .OpenToAnybody();
    }

    private static async ValueTask<PublicDocument> FindAsync(HttpContext context, TokenryOptions options, CatalogCache catalogs)
    {
        var catalog = await catalogs.GetAsync();
        var named = context.Request.Query["resource"];
        var api =
            context.GetRouteValue("id") is string id ? catalog.Resources.FirstOrDefault(api => api.Id == id)
            : named.Count == 0 ? ManagementApi.Resource
            : named is [{ } identifier] ? catalog.Named(identifier)
            : null;
        return api is null ? throw ProblemException.NotFound() : new PublicDocument(Write(api, options), MediaType.Json);
    }

    private static byte[] Write(ApiResourceFacts api, TokenryOptions options)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("resource", api.Identifier);
            WriteArray(json, "authorization_servers", [options.Issuer]);
            if (!api.Scopes.IsEmpty)
            {
                WriteArray(json, "scopes_supported", api.Scopes);
            }

            WriteArray(json, "bearer_methods_supported", ["header"]);
            WriteArray(json, "dpop_signing_alg_values_supported", DpopProofValidator.Algorithms);
            if (options.Tls.SeesCertificates)
            {
                json.WriteBoolean("tls_client_certificate_bound_access_tokens", value: true);
            }
            else if (api.MinimumStrength == Strength.Bound)
            {
                json.WriteBoolean("dpop_bound_access_tokens_required", value: true);
            }

            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteArray(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
