using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Foundation.Hosting;

/// <summary><c>/openapi/v1.json</c>, made from the routes themselves.</summary>
public static class OpenApiDocument
{
    public static IServiceCollection AddOpenApiDocument(this IServiceCollection services, TokenryOptions options) =>
        services.AddOpenApi(
            "v1",
            openApi =>
            {
                openApi.AddDocumentTransformer(
                    (document, _, _) =>
                    {
                        document.Info = new OpenApiInfo
                        {
                            Title = "Tokenry",
                            Version = "v1",
                            Description = "API keys, personal access tokens and machine-to-machine OAuth 2.0.",
                        };
                        document.Servers = [new OpenApiServer { Url = options.Issuer }];
                        document.Components ??= new OpenApiComponents();
                        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
                        {
                            ["bearer"] = new OpenApiSecurityScheme
                            {
                                Type = SecuritySchemeType.Http,
                                Scheme = "bearer",
                                Description = "A personal access token, API key or access token.",
                            },
                            ["api_key"] = new OpenApiSecurityScheme
                            {
                                Type = SecuritySchemeType.ApiKey,
                                In = ParameterLocation.Header,
                                Name = "X-API-Key",
                            },
                            ["client"] = new OpenApiSecurityScheme
                            {
                                Type = SecuritySchemeType.Http,
                                Scheme = "basic",
                                Description = "client_id and client_secret.",
                            },
                        };
                        return Task.CompletedTask;
                    }
                );
                openApi.AddOperationTransformer(DescribeAccess);
                openApi.AddSchemaTransformer(DescribeOptional);
            }
        );

    /// <summary>Says of each route what it asks of its caller, from the same marker the server enforces.</summary>
    private static Task DescribeAccess(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellation
    )
    {
        var access = context.Description.ActionDescriptor.EndpointMetadata.OfType<RouteAccess>().FirstOrDefault();
        if (access is null or { Kind: RouteAuthentication.Public })
        {
            return Task.CompletedTask;
        }

        string[] schemes = access.Kind == RouteAuthentication.Caller ? ["bearer", "api_key"] : ["client"];
        operation.Security =
        [
            .. schemes.Select(scheme => new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(scheme, context.Document)] = [],
            }),
        ];
        if (access.Kind == RouteAuthentication.Caller)
        {
            operation.Description =
                access.Needs.Count == 0 ? "Needs any valid credential." : $"Needs the scope {string.Join(" or ", access.Needs)}.";
            operation.Responses ??= [];
            operation.Responses.TryAdd("401", new OpenApiResponse { Description = "No credential, or one that is not good." });
            operation.Responses.TryAdd("403", new OpenApiResponse { Description = "The credential lacks the scope." });
        }

        return Task.CompletedTask;
    }

    /// <summary>A member that may be absent is described as what it holds.</summary>
    private static Task DescribeOptional(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var type = context.JsonTypeInfo.Type;
        if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(Optional<>))
        {
            return Task.CompletedTask;
        }

        var held = type.GetGenericArguments()[0];
        var inner = Nullable.GetUnderlyingType(held) ?? held;
        schema.Type =
            (
                inner == typeof(string) || inner == typeof(DateTimeOffset) ? JsonSchemaType.String
                : inner == typeof(bool) ? JsonSchemaType.Boolean
                : inner == typeof(int) ? JsonSchemaType.Integer
                : inner.IsGenericType ? JsonSchemaType.Array
                : JsonSchemaType.Object
            ) | JsonSchemaType.Null;
        schema.Format = inner == typeof(DateTimeOffset) ? "date-time" : null;
        return Task.CompletedTask;
    }
}
