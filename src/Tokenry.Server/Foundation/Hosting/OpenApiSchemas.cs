using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Foundation.Hosting;

/// <summary>Describes the types whose converters hide from the document what they read and write.</summary>
internal static class OpenApiSchemas
{
    public static async Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var type = context.JsonTypeInfo.Type;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>))
        {
            // A member that may be absent is described as what it holds.
            var held = type.GetGenericArguments()[0];
            var inner = await context.GetOrCreateSchemaAsync(Nullable.GetUnderlyingType(held) ?? held, cancellationToken: cancellation);
            schema.Type = inner.Type | JsonSchemaType.Null;
            schema.OneOf = inner.OneOf;
            schema.Format = inner.Format;
            schema.Items = inner.Items;
            schema.Description = null; // the wrapper's, not the member's
        }
        else if (type == typeof(CredentialPermissions))
        {
            schema.OneOf =
            [
                await context.GetOrCreateSchemaAsync(typeof(IReadOnlyList<Permission>), cancellationToken: cancellation),
                new OpenApiSchema { Type = JsonSchemaType.String, Enum = [CredentialPermissions.OwnerText] },
            ];
        }
        else if (type == typeof(DateTimeOffset) || type == typeof(DateTimeOffset?))
        {
            schema.Type = type == typeof(DateTimeOffset) ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
            schema.Format = "date-time";
        }
        else if (type == typeof(IReadOnlyDictionary<string, IReadOnlyList<string>>))
        {
            // Each a text or a list of texts, which the converter makes lists of.
            schema.AdditionalProperties = null;
            schema.Type = JsonSchemaType.Object | JsonSchemaType.Null;
        }
        else if (
            (type == typeof(JsonElement) || type == typeof(JsonElement?))
            && context.JsonPropertyInfo?.DeclaringType != typeof(AuditChange)
        )
        {
            schema.Type = JsonSchemaType.Object;
        }
        else if (type == typeof(AuditChange))
        {
            // The values of any member, of whatever type that is.
            schema.Properties!["before"] = new OpenApiSchema { Description = "Its value before; `null` where it had none." };
            schema.Properties["after"] = new OpenApiSchema
            {
                Description =
                    "Its value after; `null` where it has none. A secret is `{\"digest\":\"…\"}`, an erased value `{\"pseudonym\":\"…\"}`.",
            };
        }

        // They come from XML comments.
        schema.Description = WebUtility.HtmlDecode(schema.Description);
    }
}
