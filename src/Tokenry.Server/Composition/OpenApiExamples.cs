using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Document = Microsoft.OpenApi.OpenApiDocument;

namespace Tokenry.Server.Composition;

/// <summary>
/// Generates an example for each operation from its schemas: request body, answer and ids. Eighty examples written by hand would become
/// outdated.
/// </summary>
internal static class OpenApiExamples
{
    private const string Id = "0Q2bWpjvCzX6uGZkAE4tR1";
    private const int Deepest = 6;

    /// <summary>Id prefixes by a word of the path or schema name.</summary>
    private static readonly (string Word, string Prefix)[] Prefixes =
    [
        ("api-key", "key"),
        ("secret", "sec"),
        ("public-key", "jwk"),
        ("certificate", "crt"),
        ("federated", "fed"),
        ("token", "pat"),
        ("api-resource", "res"),
        ("apiresource", "res"),
        ("role-request", "rrq"),
        ("role", "rol"),
        ("user", "usr"),
        ("application", "app"),
        ("organization", "org"),
        ("member", "usr"),
        ("invitation", "inv"),
        ("audit", "evt"),
        ("access", "use"),
        ("principal", "app"),
        ("session", "ses"),
        ("review", "rvw"),
    ];

    /// <summary>Values by member name.</summary>
    private static readonly JsonObject Members = JsonNode
        .Parse(
            """
            {
              "accepted_credentials": ["api_key", "personal_access_token", "access_token"], "access_log": "refused", "access_token": "eyJhbGciOiJFUzI1NiIs…",
              "access_token_lifetime_seconds": 300, "access_token_signing_alg": "ES256", "action": "api_key.created", "actor": "usr_0Q2bWpjvCzX6uGZkAE4tR1",
              "added": ["rol_0Q2bWpjvCzX6uGZkAE4tR1"], "alg": "ES256", "algorithm": "ES256", "api": "https://api.example.com", "at": "2026-11-21T01:02:03Z", "audience": "https://tokens.example.com",
              "ca_certificates": "-----BEGIN CERTIFICATE-----\n…", "carriers": ["bearer", "x_api_key"], "certificate": "-----BEGIN CERTIFICATE-----\n…",
              "code": "valid", "comment": "still needed", "count": 1, "credential_id": "key_0Q2bWpjvCzX6uGZkAE4tR1", "description": "Reads invoices.", "door": "verify",
              "email": "dev@example.com", "enabled": true, "error": "invalid_client", "error_description": "client authentication failed", "expires_in": 300,
              "grant_type": "client_credentials", "hash": "7b1f…", "identifier": "https://api.example.com", "immediately": false, "ip": "203.0.113.7",
              "issuer": "https://token.actions.githubusercontent.com", "jwk": { "kty": "EC", "crv": "P-256", "x": "…", "y": "…" }, "kid": "n4bQgYhMfWWaL…",
              "justification": "the nightly report", "kind": "api_key", "label": "billing-job", "limit": 100, "message": "for this quarter", "masked": "tkr_key_…fe0b", "seconds": 7776000, "member": "usr_0Q2bWpjvCzX6uGZkAE4tR1", "minimum_strength": "bearer", "name": "billing-job",
              "network": "203.0.113.0/24", "next_cursor": null, "object_types": ["repo"], "overlap_seconds": 30, "prev": "3c90…", "reason": "laptop lost",
              "remaining": 99, "reset_at": "2026-11-21T01:03:00Z", "resource": "https://api.example.com", "resource_servers": [], "result": "success",
              "roles": ["rol_0Q2bWpjvCzX6uGZkAE4tR1"], "scope": "invoices:read", "seq": 42, "state": "active", "status": 400,
              "subject": "app_0Q2bWpjvCzX6uGZkAE4tR1", "title": "Bad Request", "token": "tkr_key_…", "token_hash": "9f86…", "token_type": "Bearer",
              "type": "application", "url": "https://tokens.example.com/sign-in/link?code=…", "user_id": "usr_0Q2bWpjvCzX6uGZkAE4tR1", "valid": true
            }
            """
        )!
        .AsObject();

    private static readonly JsonNode ScopeNames = new JsonArray("invoices:read");

    /// <summary>Optional members that an example shows.</summary>
    private static readonly Dictionary<string, string[]> AlsoShown = new(StringComparer.Ordinal)
    {
        ["/oauth/renew"] = ["overlap_seconds"],
        ["AccessReviewRequest"] = ["from"],
        ["ApiResourcePatch"] = ["name"],
        ["ApiResourceRequest"] = ["scopes"],
        ["ApplicationPatch"] = ["name"],
        ["ApplicationRequest"] = ["roles"],
        ["BulkRevocationRequest"] = ["reason"],
        ["ClientCertificateRequest"] = ["certificate"],
        ["Credential"] = ["permissions", "token"],
        ["CredentialPatch"] = ["name"],
        ["CredentialRequest"] = ["permissions"],
        ["DecisionRequest"] = ["message"],
        ["DescendantsRevocationRequest"] = ["reason"],
        ["InvitationRequest"] = ["email", "roles"],
        ["OrganizationMemberRequest"] = ["roles"],
        ["OrganizationPatch"] = ["name"],
        ["PolicyPatch"] = ["max_lifetimes"],
        ["PolicyRules"] = ["max_lifetimes"],
        ["PublicKeyRequest"] = ["jwk"],
        ["RegisteredCertificate"] = ["not_after"],
        ["ReviewSignature"] = ["comment"],
        ["RevokeAllRequest"] = ["issued_before"],
        ["RolePatch"] = ["name"],
        ["RoleRequest"] = ["permissions"],
        ["UserPatch"] = ["name"],
        ["UserRequest"] = ["name", "roles"],
        ["VerifyAnswer"] = ["kind", "credential_id", "subject", "scopes"],
        ["VerifyRequest"] = ["token", "api", "scopes"],
    };

    /// <summary>Runs last, when the document holds every schema.</summary>
    public static void AddTo(Document document)
    {
        foreach (var (path, item) in document.Paths)
        {
            foreach (var operation in item.Operations?.Values.AsEnumerable() ?? [])
            {
                foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
                {
                    if (parameter.In == ParameterLocation.Path)
                    {
                        parameter.Example = IdFor(path);
                    }
                }

                AddTo(operation.RequestBody?.Content, document, path);
                foreach (var (status, response) in operation.Responses?.AsEnumerable() ?? [])
                {
                    if (status[0] == '2')
                    {
                        AddTo(response.Content, document, path);
                    }
                }
            }
        }
    }

    private static void AddTo(IDictionary<string, OpenApiMediaType>? contents, Document document, string path)
    {
        foreach (var (type, content) in contents ?? new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal))
        {
            if (content.Schema is { } schema && !type.StartsWith("text/", StringComparison.Ordinal))
            {
                content.Example = Make(schema, "", path, document, Deepest);
            }
        }
    }

    private static JsonNode? Make(IOpenApiSchema schema, string member, string about, Document document, int depth)
    {
        if (schema is OpenApiSchemaReference { Reference.Id: { } name })
        {
            return document.Components?.Schemas?.TryGetValue(name, out var found) == true && depth > 0
                ? Make(found, member, name, document, depth - 1)
                : null;
        }

        if ((schema.OneOf ?? schema.AnyOf)?.FirstOrDefault(choice => choice.Type is not JsonSchemaType.Null) is { } first)
        {
            return Make(first, member, about, document, depth);
        }

        if (schema.Enum is [{ } value, ..])
        {
            return value.DeepClone();
        }

        if (schema.Properties is { Count: > 0 } properties)
        {
            var shown = AlsoShown.GetValueOrDefault(about) ?? [];
            var example = new JsonObject();
            foreach (
                var (key, type) in properties.Where(entry => schema.Required?.Contains(entry.Key) == true || shown.Contains(entry.Key))
            )
            {
                example[key] = Make(type, key, about, document, depth);
            }

            return example;
        }

        var kind = schema.Type ?? JsonSchemaType.String;
        return member == "id" ? IdFor(about)
            : member == "scopes" && !(schema.Items is OpenApiSchemaReference) ? ScopeNames.DeepClone()
            : kind.HasFlag(JsonSchemaType.Array) && schema.Items is OpenApiSchemaReference items
                ? new JsonArray(Make(items, "", about, document, depth))
            : Members.TryGetPropertyValue(member, out var known) ? known?.DeepClone()
            : kind.HasFlag(JsonSchemaType.Array) ? new JsonArray()
            : kind.HasFlag(JsonSchemaType.Boolean) ? false
            : kind.HasFlag(JsonSchemaType.Integer) ? 1
            : kind.HasFlag(JsonSchemaType.Object) ? new JsonObject()
            : schema.Format == "date-time" ? "2026-11-21T01:02:03Z"
            : "…";
    }

    /// <summary>Finds the id prefix by the last word of a path or by a schema name.</summary>
    private static string IdFor(string about)
    {
        var found = Prefixes
            .Select(entry => (entry.Prefix, At: about.LastIndexOf(entry.Word, StringComparison.OrdinalIgnoreCase)))
            .MaxBy(entry => entry.At);
        return $"{(found.At < 0 ? "key" : found.Prefix)}_{Id}";
    }
}
