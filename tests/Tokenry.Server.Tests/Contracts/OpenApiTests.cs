using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>openapi.json, fetched from the running server: complete, well-formed (OpenAPI 3.1), and true.</summary>
public sealed class OpenApiTests(SharedServers servers)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Theory, BothEngines]
    public async Task The_document_is_openapi_json(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        var text = (await DocumentAsync(engine)).ToJsonString(Indented);
        await GoldenFile.CompareAsync(
            "openapi.json",
            text.Replace(server.Address, "https://tokenry.example.com", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Every_route_but_the_document_itself_is_in_it()
    {
        var described = Operations(await DocumentAsync(Engine.Sqlite)).Select(operation => operation.Name);
        var routes = (await Route.AllAsync())
            .Where(route => !route.IsUndescribed || !route.IsPage && !route.Path.StartsWith("/console/", StringComparison.Ordinal))
            .Where(route => !route.Path.StartsWith("/calendar/", StringComparison.Ordinal)) // a document behind a secret, for no client of the API
            .Select(route => route.ToString())
            .Where(name => !name.Contains("/openapi/") && !name.StartsWith("HEAD ") && !name.StartsWith("ANY "));
        Assert.Equal(routes.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task It_is_well_formed()
    {
        var document = await DocumentAsync(Engine.Sqlite);
        Assert.StartsWith("3.1.", (string?)document["openapi"], StringComparison.Ordinal);
        Assert.NotNull(document["info"]!["title"]);
        Assert.NotNull(document["info"]!["version"]);
        foreach (var reference in All(document).OfType<JsonObject>().Select(node => node["$ref"]).OfType<JsonValue>())
        {
            var pointer = (string)reference!;
            var found = pointer.Split('/').Skip(1).Aggregate((JsonNode?)document, (node, part) => node?[part]);
            Assert.True(found is not null, $"{pointer} leads nowhere");
        }

        var schemes = document["components"]!["securitySchemes"]!.AsObject().Select(scheme => scheme.Key).ToList();
        var operations = Operations(document).ToList();
        foreach (var (name, operation) in operations)
        {
            var parameters = Parameters(operation).ToList();
            var inPath = name.Split('{').Skip(1).Select(part => part[..part.IndexOf('}', StringComparison.Ordinal)]);
            Assert.Equal(inPath.Order(), parameters.Where(parameter => parameter.In == "path").Select(parameter => parameter.Name).Order());
            Assert.Equal(parameters.Count, parameters.Distinct().Count());
            Assert.NotEmpty(operation["responses"]!.AsObject());
            Assert.All(operation["responses"]!.AsObject(), response => Assert.NotNull(response.Value!["description"]));
            Assert.All(
                operation["security"]?.AsArray().SelectMany(choice => choice!.AsObject().Select(scheme => scheme.Key)) ?? [],
                scheme => Assert.Contains(scheme, schemes)
            );
        }

        var ids = operations.Select(operation => (string?)operation.Operation["operationId"]).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.DoesNotContain(ids, string.IsNullOrEmpty);
    }

    [Fact]
    public async Task Every_operation_says_what_it_does_and_what_it_asks()
    {
        foreach (var (name, operation) in Operations(await DocumentAsync(Engine.Sqlite)))
        {
            var summary = (string?)operation["summary"] ?? "";
            Assert.True(summary.EndsWith('.') && char.IsUpper(summary[0]), $"{name} has no summary");
            Assert.True(operation["description"] is not null, $"{name} has no description");
            Assert.True(operation["tags"] is JsonArray { Count: 1 }, $"{name} has not one tag");
        }
    }

    [Fact]
    public async Task Every_body_and_every_answer_has_a_schema_that_says_something()
    {
        var document = await DocumentAsync(Engine.Sqlite);
        foreach (var (name, operation) in Operations(document))
        {
            var expectsBody = Call.To(new Route(name.Split(' ')[0], name.Split(' ')[1], Anything), Target.Nobody).Body is not null;
            Assert.True(expectsBody == (operation["requestBody"] is not null), $"{name}: a body or none?");
            var contents = operation["responses"]!
                .AsObject()
                .Select(response => response.Value!["content"])
                .Append(operation["requestBody"]?["content"]);
            foreach (var schema in contents.OfType<JsonObject>().SelectMany(content => content.Select(media => media.Value!["schema"])))
            {
                Assert.True(schema is JsonObject { Count: > 0 }, $"{name} has an empty schema");
            }
        }

        foreach (var (name, schema) in document["components"]!["schemas"]!.AsObject())
        {
            Assert.True(schema is JsonObject { Count: > 0 }, $"{name} is empty");
            foreach (var (member, type) in schema["properties"]?.AsObject().ToList() ?? [])
            {
                Assert.True(
                    type is JsonObject described
                        && (described.ContainsKey("type") || described.ContainsKey("$ref") || described.ContainsKey("oneOf")),
                    $"{name}.{member} has no type"
                );
            }
        }
    }

    /// <summary>D.8: names of types of this program mean nothing to whoever reads the document.</summary>
    [Fact]
    public async Task No_word_of_the_programming_language_is_in_it()
    {
        string[] words =
        [
            "Optional",
            "JsonElement",
            "IReadOnlyList",
            "DateTimeOffset",
            "Nullable",
            "PageOf",
            "cref",
            "<see",
            "`1",
            "System.",
        ];
        var text = (await DocumentAsync(Engine.Sqlite)).ToJsonString(Indented);
        Assert.All(words, word => Assert.DoesNotContain(word, text, StringComparison.Ordinal));
    }

    /// <summary>D.8: a generated client gets an enumeration, not a text.</summary>
    [Fact]
    public async Task Codes_are_enumerated()
    {
        var schemas = (await DocumentAsync(Engine.Sqlite))["components"]!["schemas"]!;
        foreach (
            var (schema, member, value) in new[]
            {
                ("Problem", "code", "already_exists"),
                ("VerifyAnswer", "code", "valid"),
                ("VerifyRefusal", "code", "wrong_api"),
                ("VerifyRefusal", "reason", "no_such_api"),
                ("Credential", "kind", "api_key"),
            }
        )
        {
            var values = schemas[schema]!["properties"]![member]!["enum"]?.AsArray().Select(node => (string)node!);
            Assert.True(values?.Contains(value) == true, $"{schema}.{member} is not enumerated");
        }
    }

    /// <summary>D.8: each operation shows what is sent or what comes back, and each example fits its schema.</summary>
    [Fact]
    public async Task Every_operation_has_an_example_that_fits_its_schema()
    {
        var document = await DocumentAsync(Engine.Sqlite);
        foreach (var (name, operation) in Operations(document))
        {
            var contents = operation["responses"]!
                .AsObject()
                .Where(response => response.Key[0] == '2')
                .Select(response => response.Value!["content"])
                .Append(operation["requestBody"]?["content"])
                .OfType<JsonObject>()
                .SelectMany(content => content)
                .Where(content => !content.Key.StartsWith("text/", StringComparison.Ordinal))
                .Select(content => content.Value!)
                .ToList();
            Assert.All(contents, content => Fits(document, content["schema"]!, content["example"], name));
            var inPath = operation["parameters"]?.AsArray().Where(parameter => (string)parameter!["in"]! == "path") ?? [];
            Assert.All(inPath, parameter => Assert.Matches("^[a-z]{3}_[0-9A-Za-z]{22}$", (string?)parameter!["example"]));
        }
    }

    private static void Fits(JsonNode document, JsonNode schema, JsonNode? example, string where)
    {
        if ((string?)schema["$ref"] is { } pointer)
        {
            schema = pointer.Split('/').Skip(1).Aggregate(document, (node, part) => node[part]!);
        }

        if (schema["oneOf"] is JsonArray choices)
        {
            Fits(document, choices.First(choice => choice!["type"] is not JsonValue type || (string?)type != "null")!, example, where);
            return;
        }

        if (schema["properties"] is JsonObject properties)
        {
            var members = Assert.IsType<JsonObject>(example);
            Assert.NotEmpty(members);
            Assert.All(
                schema["required"]?.AsArray() ?? [],
                required => Assert.True(members.ContainsKey((string)required!), $"{where}: {required}")
            );
            foreach (var (member, value) in members)
            {
                Assert.True(properties.ContainsKey(member), $"{where}: {member}");
                if (value is not null)
                    Fits(document, properties[member]!, value, $"{where}: {member}");
            }
        }
        else if (schema["enum"] is JsonArray values)
        {
            Assert.Contains((string?)example, values.Select(value => (string?)value));
        }
    }

    [Theory, BothEngines]
    public async Task A_list_takes_the_filters_it_documents_and_no_others(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var lists = Operations(await DocumentAsync(engine)).Where(operation => Parameters(operation.Operation).Any(p => p.Name == "limit"));
        foreach (var (name, operation) in lists)
        {
            var call = Call.To(new Route(name.Split(' ')[0], name.Split(' ')[1], Anything), Target.Nobody);
            var answer = await (call with { Path = call.Path + "?no_such_filter=1" }).SendAsync(admin).Expect(400, "invalid_request");
            var fault = answer.Json.GetProperty("errors").GetProperty("no_such_filter")[0].GetString()!;
            var documented = Parameters(operation).Where(parameter => parameter.In == "query").Select(parameter => parameter.Name);
            Assert.Equal($"is not a query parameter of this route. Known: {string.Join(", ", documented)}.", fault);
        }
    }

    [Theory, BothEngines]
    public async Task An_operation_reads_Idempotency_Key_where_it_documents_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var tooLong = new Dictionary<string, string> { ["Idempotency-Key"] = new('x', 256) };
        var documenting = Operations(await DocumentAsync(engine))
            .Where(operation => Parameters(operation.Operation).Any(parameter => parameter.Name == "Idempotency-Key"))
            .ToList();
        Assert.Contains(documenting, operation => operation.Name == "POST /v1/applications/{owner}/api-keys/{id}/rotate");
        var api = await admin.CreateApiAsync(["invoices:read"]);
        foreach (var (name, _) in documenting)
        {
            var call = Call.To(new Route("POST", name.Split(' ')[1], Anything), Target.Nobody, api.Identifier);
            var answer = (await call.SendAsync(admin, tooLong)).Expect(400, "invalid_request");
            Assert.True(answer.Json.GetProperty("errors").TryGetProperty("Idempotency-Key", out _), $"{name} does not read the key");
        }
    }

    private static readonly RouteAccess Anything = new(RouteAuthentication.Caller, []);

    private async Task<JsonNode> DocumentAsync(Engine engine) =>
        JsonNode.Parse((await (await servers.AnonymousAsync(engine)).GetAsync("/openapi/v1.json").Expect(200)).Body)!;

    private static IEnumerable<(string Name, JsonNode Operation)> Operations(JsonNode document) =>
        document["paths"]!
            .AsObject()
            .SelectMany(path =>
                path.Value!.AsObject().Select(operation => ($"{operation.Key.ToUpperInvariant()} {path.Key}", operation.Value!))
            );

    private static IEnumerable<(string Name, string In)> Parameters(JsonNode operation) =>
        operation["parameters"]?.AsArray().Select(parameter => ((string)parameter!["name"]!, (string)parameter["in"]!)) ?? [];

    private static IEnumerable<JsonNode> All(JsonNode node)
    {
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject members => members.Select(member => member.Value),
            JsonArray items => items,
            _ => [],
        };
        return children.OfType<JsonNode>().SelectMany(All).Prepend(node);
    }
}
