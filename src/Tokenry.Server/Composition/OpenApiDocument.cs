using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Composition;

/// <summary><c>/openapi/v1.json</c>, generated from the routes.</summary>
public static class OpenApiDocument
{
    private const string Name = "v1";

    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    /// <summary>Generated once, at the first request, because it costs more than ten thousand verifications.</summary>
    public static void MapOpenApiDocument(this WebApplication app)
    {
        var document = new Lazy<Task<PublicDocument>>(() => MakeAsync(app.Services));
        PublicDocument
            .Map(app, $"/openapi/{Name}.json", () => new ValueTask<PublicDocument>(document.Value), MaxAge)
            .ExcludeFromDescription()
            .OpenToAnybody();
    }

    private static async Task<PublicDocument> MakeAsync(IServiceProvider services)
    {
        var document = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync();
        await using var text = new StringWriter(CultureInfo.InvariantCulture);
        document.SerializeAs(OpenApiSpecVersion.OpenApi3_1, new OpenApiJsonWriter(text));
        return new PublicDocument(Encoding.UTF8.GetBytes(text.ToString()), MediaType.Json);
    }

    public static IServiceCollection AddOpenApiDocument(this IServiceCollection services, TokenryOptions options) =>
        services.AddOpenApi(
            Name,
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
