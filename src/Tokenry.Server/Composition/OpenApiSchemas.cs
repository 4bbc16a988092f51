using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Composition;

/// <summary>Describes the types whose JSON converters hide their form from the generator.</summary>
internal static class OpenApiSchemas
{
    /// <summary>Members whose values come from a set of constants.</summary>
    private static readonly Dictionary<(Type Record, string Member), string[]> Values = new()
    {
        [(typeof(Problem), "code")] = Constants(typeof(ProblemCode)),
        [(typeof(VerifyAnswer), "code")] = [VerificationCode.Valid],
        [(typeof(VerifyRefusal), "code")] = [.. Constants(typeof(VerificationCode)).Where(code => code != VerificationCode.Valid)],
        [(typeof(VerifyRefusal), "reason")] = Constants(typeof(WrongApiReason)),
        [(typeof(Credential), "kind")] = Constants(typeof(CredentialKind)),
    };

    /// <summary>
    /// Schema names, only for types that mean something to a client. Wrappers of single members get none; the schema describes them in place.
    /// </summary>
    public static string? ReferenceId(JsonTypeInfo type)
    {
        var clr = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        return clr == typeof(JsonElement) || IsOptional(clr) ? null
            : clr.IsGenericType && clr.GetGenericTypeDefinition() == typeof(Page<>) ? clr.GetGenericArguments()[0].Name + "Page"
            : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
    }

    public static async Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var type = context.JsonTypeInfo.Type;
        if (
            context.JsonPropertyInfo is { } member
            && (member.AttributeProvider as MemberInfo)?.DeclaringType is { } record
            && Values.TryGetValue((record, member.Name), out var values)
        )
        {
            schema.Enum = [.. values.Select(value => (JsonNode)value)];
        }

        if (IsOptional(type))
        {
            // The schema of an optional member is the schema of its value.
            var held = type.GetGenericArguments()[0];
            var inner = await context.GetOrCreateSchemaAsync(Nullable.GetUnderlyingType(held) ?? held, cancellationToken: cancellation);
            schema.Type = inner.Type | JsonSchemaType.Null;
            schema.OneOf = inner.OneOf;
            schema.Format = inner.Format;
            schema.Items = inner.Items;
            schema.Description = null; // it describes the wrapper, not the member
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
            // Each value is a string or a list of strings; the converter turns strings into lists.
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
            // Members of every type can change.
            schema.Properties!["before"] = new OpenApiSchema { Type = AnyType, Description = "The value before; `null` if it had none." };
            schema.Properties["after"] = new OpenApiSchema
            {
                Type = AnyType,
                Description =
                    "The value after; `null` if it has none. A secret is `{\"digest\":\"…\"}`, an erased value `{\"pseudonym\":\"…\"}`.",
            };
        }

        // The descriptions come from XML comments.
        schema.Description = WebUtility.HtmlDecode(schema.Description);
    }

    private const JsonSchemaType AnyType =
        JsonSchemaType.Null
        | JsonSchemaType.Boolean
        | JsonSchemaType.Number
        | JsonSchemaType.String
        | JsonSchemaType.Object
        | JsonSchemaType.Array;

    private static bool IsOptional(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>);

    private static string[] Constants(Type type) =>
        [
            .. type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Where(field => field.IsLiteral)
                .Select(field => (string)field.GetRawConstantValue()!),
        ];
}
