using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;
using Document = Microsoft.OpenApi.OpenApiDocument;

namespace Tokenry.Server.Composition;

/// <summary>Describes each route from its metadata: access, filters, form, answer, errors.</summary>
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

    /// <summary>Adds a second possible answer to the one that the handler declares.</summary>
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

    /// <summary>The words of the path and the action: <c>applications_api_keys_rotate</c>.</summary>
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
            "PUT" => "_replace",
            "DELETE" => "_delete",
            _ => "", // the last word of the path is the verb, or the path has one operation only
        };
        return string.Join('_', words) + verb;
    }

    /// <summary>Adds the path parameters too that a handler reads from the route itself.</summary>
    private static void AddPathParameters(OpenApiOperation operation, string path)
    {
        var names = path.Split('/').Where(segment => segment.StartsWith('{')).Select(segment => segment.Trim('{', '}')).Reverse();
        foreach (var name in names.Where(name => operation.Parameters!.All(parameter => parameter.Name != name)))
        {
            operation.Parameters!.Insert(0, Parameter(name, ParameterLocation.Path, "The public id of the object."));
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
        operation.Parameters!.Add(Parameter("limit", ParameterLocation.Query, "The largest number of items in the answer.", limit));
        operation.Parameters!.Add(Parameter("cursor", ParameterLocation.Query, "The next_cursor of the previous page."));
        foreach (var name in filters.Names.Where(name => !path.Contains($"{{{name}}}", StringComparison.Ordinal)))
        {
            var schema = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Format = name is "from" or "to" or "created_before" or "unused_since" or "expires_before" or "due_before" or "revoked_since"
                    ? "date-time"
                    : null,
            };
            operation.Parameters!.Add(Parameter(name, ParameterLocation.Query, "A filter.", schema));
        }
    }

    private static void AddIdempotencyKey(OpenApiOperation operation, string method, string path)
    {
        if (
            method == "POST"
            && (operation.Responses!.ContainsKey("201") || path.EndsWith("/rotate", StringComparison.Ordinal))
            && !path.Contains("/bulk/", StringComparison.Ordinal)
        )
        {
            operation.Parameters!.Add(
                Parameter(
                    "Idempotency-Key",
                    ParameterLocation.Header,
                    "For ten minutes, a request with the same key and the same body gets the same answer, including the secret."
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
                "If true, the server changes nothing and answers 200 with {\"gains\":{\"count\",\"items\"},\"loses\":{\"count\",\"items\"}}: the credentials that would gain or lose "
                    + "rights.",
                new OpenApiSchema { Type = JsonSchemaType.Boolean }
            )
        );
        operation.Parameters!.Add(
            Parameter(
                RightsPreview.ExpectGains,
                ParameterLocation.Header,
                "The number of gains that the client expects. If it differs, the server refuses the change with 409 gains_differ and the same members.",
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
            RouteAuthentication.Public => "Needs no authentication.",
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
                        new RouteMember("error", "The registered error code.", Required: true),
                        new RouteMember("error_description", "The explanation for a developer.", Required: true),
                    ])
                )
                : Content("application/problem+json", new OpenApiSchemaReference(nameof(Problem), document));
        operation.Responses!["401"] = Error("The request has no credential, or the credential is not valid.");
        operation.Responses!["403"] = Error("The credential lacks the scope.");
        operation.Responses!["default"] = Error("Another error; see code.");

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
