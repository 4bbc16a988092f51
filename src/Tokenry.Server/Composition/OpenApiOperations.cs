using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;
using Document = Microsoft.OpenApi.OpenApiDocument;

namespace Tokenry.Server.Composition;

/// <summary>Describes of each route what its markers say: access, filters, form, answer, errors.</summary>
internal static class OpenApiOperations
{
    public static async Task Describe(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellation
    )
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var method = context.Description.HttpMethod!;
        var path = context.Description.RelativePath!;
        var filters = metadata.OfType<RouteFilters>().LastOrDefault();
        var form = metadata.OfType<RouteForm>().LastOrDefault();
        operation.OperationId ??= OperationId(method, path, filters is not null, operation.Responses!.ContainsKey("201"));
        operation.Parameters ??= [];
        AddPathParameters(operation, path);
        AddFilters(operation, filters, path);
        AddIdempotencyKey(operation, method, path);
        if (metadata.OfType<RouteChangesRights>().Any())
        {
            AddPreview(operation);
        }

        if (form is not null)
        {
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = Content(MediaType.Form, ObjectOf(form.Members)) };
        }

        if (metadata.OfType<RouteAnswer>().LastOrDefault() is { ContentType: { } type } answer)
        {
            var schema = answer.Members.Count == 0 ? new OpenApiSchema { Type = JsonSchemaType.String } : ObjectOf(answer.Members);
            operation.Responses!["200"] = new OpenApiResponse { Description = "OK", Content = Content(type, schema) };
        }

        if (metadata.OfType<RouteAlternative>().LastOrDefault() is { } alternative)
        {
            await AddAlternativeAsync(operation, alternative.Answer, context, cancellation);
        }

        if (metadata.OfType<RouteAccess>().LastOrDefault() is { } access)
        {
            AddAccess(operation, access, context.Document!);
            AddErrors(operation, access, context.Document!);
        }
    }

    /// <summary>The answer is what the handler names, or this.</summary>
    private static async Task AddAlternativeAsync(
        OpenApiOperation operation,
        Type answer,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellation
    )
    {
        var document = context.Document!;
        document.AddComponent(answer.Name, await context.GetOrCreateSchemaAsync(answer, cancellationToken: cancellation));
        var content = operation.Responses!["200"].Content![MediaType.Json];
        content.Schema = new OpenApiSchema { OneOf = [content.Schema!, new OpenApiSchemaReference(answer.Name, document)] };
    }

    /// <summary>The path's own words and what is done there: <c>applications_api_keys_rotate</c>.</summary>
    private static string OperationId(string method, string path, bool lists, bool creates)
    {
        var words = path.Split('/', StringSplitOptions.RemoveEmptyEntries)
            .Where(segment => segment is not "v1" && !segment.StartsWith('{'))
            .Select(segment => segment.TrimStart('.').Replace('-', '_').Replace('.', '_'));
        var verb = method switch
        {
            "GET" when lists => "_list",
            "GET" when path.StartsWith("v1/", StringComparison.Ordinal) => "_show",
            "POST" when creates => "_create",
            "PATCH" => "_revise",
            "DELETE" => "_delete",
            _ => "", // the last word is the verb, or there is nothing else to do there
        };
        return string.Join('_', words) + verb;
    }

    /// <summary>Also those that a handler reads from the route itself.</summary>
    private static void AddPathParameters(OpenApiOperation operation, string path)
    {
        var names = path.Split('/').Where(segment => segment.StartsWith('{')).Select(segment => segment.Trim('{', '}')).Reverse();
        foreach (var name in names.Where(name => operation.Parameters!.All(parameter => parameter.Name != name)))
        {
            operation.Parameters!.Insert(0, Parameter(name, ParameterLocation.Path, "Its public id."));
        }
    }

    private static void AddFilters(OpenApiOperation operation, RouteFilters? filters, string path)
    {
        if (filters is null)
        {
            return;
        }

        var limit = new OpenApiSchema
        {
            Type = JsonSchemaType.Integer,
            Minimum = "1",
            Maximum = "200",
            Default = 50,
        };
        operation.Parameters!.Add(Parameter("limit", ParameterLocation.Query, "How many at most.", limit));
        operation.Parameters!.Add(Parameter("cursor", ParameterLocation.Query, "The next_cursor of the page before."));
        foreach (var name in filters.Names.Where(name => !path.Contains($"{{{name}}}", StringComparison.Ordinal)))
        {
            var schema = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Format = name is "from" or "to" or "unused_since" or "expires_before" ? "date-time" : null,
            };
            operation.Parameters!.Add(Parameter(name, ParameterLocation.Query, "A filter.", schema));
        }
    }

    private static void AddIdempotencyKey(OpenApiOperation operation, string method, string path)
    {
        if (method == "POST" && (operation.Responses!.ContainsKey("201") || path.EndsWith("/rotate", StringComparison.Ordinal)))
        {
            operation.Parameters!.Add(
                Parameter(
                    "Idempotency-Key",
                    ParameterLocation.Header,
                    "For ten minutes the same key with the same body gets the same answer, secret included."
                )
            );
        }
    }

    private static void AddPreview(OpenApiOperation operation)
    {
        operation.Parameters!.Add(
            Parameter(
                RightsPreview.DryRun,
                ParameterLocation.Query,
                "true changes nothing and answers 200 with {\"gains\":{\"count\",\"items\"},\"loses\":{\"count\",\"items\"}}: which credentials would gain or lose "
                    + "what.",
                new OpenApiSchema { Type = JsonSchemaType.Boolean }
            )
        );
        operation.Parameters!.Add(
            Parameter(
                RightsPreview.ExpectGains,
                ParameterLocation.Header,
                "The change is made only if it has that many gains, else 409 gains_differ with the same members.",
                new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" }
            )
        );
    }

    private static void AddAccess(OpenApiOperation operation, RouteAccess access, Document document)
    {
        string[] schemes = access.Kind switch
        {
            RouteAuthentication.Caller => ["bearer", "api_key"],
            RouteAuthentication.Client when access.Needs.Count > 0 => ["client", "bearer", "api_key"],
            RouteAuthentication.Client => ["client"],
            _ => [],
        };
        operation.Security =
        [
            .. schemes.Select(scheme => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, document)] = [] }),
        ];
        var scopes = string.Join(" or ", access.Needs);
        operation.Description = access.Kind switch
        {
            RouteAuthentication.Public => "Open to anybody.",
            RouteAuthentication.Caller when access.Needs.Count == 0 => "Needs any valid credential.",
            RouteAuthentication.Caller => $"Needs the scope {scopes}.",
            _ when access.Needs.Count == 0 => "Needs client authentication.",
            _ => $"Needs client authentication, or a credential with the scope {scopes}.",
        };
    }

    private static void AddErrors(OpenApiOperation operation, RouteAccess access, Document document)
    {
        if (access.Kind == RouteAuthentication.Public)
        {
            return;
        }

        var content =
            access.Kind == RouteAuthentication.Client
                ? Content(
                    MediaType.Json,
                    ObjectOf([
                        new RouteMember("error", "The registered name of the error.", Required: true),
                        new RouteMember("error_description", "What went wrong, for a person.", Required: true),
                    ])
                )
                : Content("application/problem+json", new OpenApiSchemaReference(nameof(Problem), document));
        operation.Responses!["401"] = Error("No credential, or one that is not good.");
        operation.Responses!["403"] = Error("The credential lacks the scope.");
        operation.Responses!["default"] = Error("Something else is in the way; see code.");

        OpenApiResponse Error(string description) => new() { Description = description, Content = content };
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation place, string description, OpenApiSchema? schema = null) =>
        new()
        {
            Name = name,
            In = place,
            Required = place == ParameterLocation.Path,
            Description = description,
            Schema = schema ?? new OpenApiSchema { Type = JsonSchemaType.String },
        };

    private static Dictionary<string, OpenApiMediaType> Content(string type, IOpenApiSchema schema) =>
        new(StringComparer.Ordinal) { [type] = new OpenApiMediaType { Schema = schema } };

    private static OpenApiSchema ObjectOf(IReadOnlyList<RouteMember> members) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Required = members.Where(member => member.Required).Select(member => member.Name).ToHashSet(StringComparer.Ordinal),
            Properties = members.ToDictionary(
                member => member.Name,
                IOpenApiSchema (member) =>
                    new OpenApiSchema
                    {
                        Type = member.Type,
                        Description = member.Description,
                        Items = member.Type.HasFlag(JsonSchemaType.Array) ? new OpenApiSchema() : null,
                    },
                StringComparer.Ordinal
            ),
        };
}
