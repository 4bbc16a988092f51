using Microsoft.OpenApi;
using Tokenry.Protocol.Api;

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
                openApi.AddDocumentTransformer(
                    async (document, context, cancellation) =>
                        document.AddComponent(
                            nameof(Problem),
                            await context.GetOrCreateSchemaAsync(typeof(Problem), cancellationToken: cancellation)
                        )
                );
                openApi.CreateSchemaReferenceId = OpenApiSchemas.ReferenceId;
                openApi.AddOperationTransformer(OpenApiOperations.Describe);
                openApi.AddSchemaTransformer(OpenApiSchemas.DescribeAsync);
                openApi.AddDocumentTransformer(
                    (document, _, _) =>
                    {
                        OpenApiExamples.AddTo(document);
                        return Task.CompletedTask;
                    }
                );
            }
        );
}
