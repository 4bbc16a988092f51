using System.Text.Json;
using Microsoft.OpenApi;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>
/// <c>GET /.well-known/oauth-protected-resource/{id}</c> (RFC 9728): what a client needs to get a token for an API resource. The path without
/// an id describes Tokenry's own API, or with <c>?resource=</c> the API resource of that identifier. A proxy at the API's own address
/// forwards requests for the document in that form.
/// </summary>
public static class ProtectedResourceMetadata
{
    private static readonly RouteMember[] Members =
    [
        new("resource", "The identifier of the API resource.", Required: true),
        new("authorization_servers", "The issuers of its access tokens.", Required: true, JsonSchemaType.Array),
        new("scopes_supported", "Its scopes.", Type: JsonSchemaType.Array),
        new("bearer_methods_supported", "How clients send tokens: in the header.", Required: true, JsonSchemaType.Array),
        new("dpop_signing_alg_values_supported", "The algorithms accepted for DPoP proofs.", Required: true, JsonSchemaType.Array),
        new(
            "tls_client_certificate_bound_access_tokens",
            "Whether it accepts tokens bound to TLS client certificates (RFC 8705 §3); absent if this server sees no certificates.",
            Type: JsonSchemaType.Boolean
        ),
        new(
            "dpop_bound_access_tokens_required",
            "Whether it accepts only tokens bound by DPoP: the API requires bound tokens, and this server sees no certificates.",
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
