using System.Text;
using System.Text.Json;
using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Edges;

/// <summary>Where spoilt input goes: each makes one request, whole and in bytes, out of a mutator.</summary>
/// <param name="edge">The server, and credentials that stay good.</param>
/// <param name="routes">All of them.</param>
/// <param name="sacrificed">What may be changed, disabled and deleted.</param>
internal sealed class FuzzTarget(EdgeServer edge, IReadOnlyList<Route> routes, Created sacrificed)
{
    public static readonly IReadOnlyList<string> Names =
    [
        "paths",
        "queries",
        "JSON bodies",
        "forms",
        "Basic headers",
        "credentials",
        "JWTs",
        "headers",
    ];

    private static readonly string[] Filters =
    [
        "limit",
        "cursor",
        "state",
        "owner",
        "kind",
        "api",
        "identifier",
        "from",
        "to",
        "actor",
        "action",
        "target",
        "result",
        "unused_since",
        "revoked_since",
        "expires",
        "expires_before",
        "email",
    ];

    private readonly string[] ids =
    [
        sacrificed.ApiKey.Id,
        sacrificed.PersonalAccessToken.Id,
        sacrificed.ClientSecret.Id,
        sacrificed.PublicKey.Id,
        sacrificed.Certificates[0],
        sacrificed.FederatedIdentities[0],
        sacrificed.Role.Id,
        sacrificed.User.Id,
        sacrificed.Api.Id,
        sacrificed.Application.Id,
    ];

    public byte[] Make(string name, Mutator mutator) =>
        name switch
        {
            "paths" => Path(mutator),
            "queries" => Query(mutator),
            "JSON bodies" => Json(mutator),
            "forms" => Form(mutator),
            "Basic headers" => Request(
                "POST",
                "/oauth/token",
                [("Authorization", mutator.Mutate([Basic])), From(mutator)],
                Urlencoded,
                "grant_type=client_credentials"
            ),
            "credentials" => Credential(mutator),
            "JWTs" => Request("GET", "/v1/me", [("Authorization", "Bearer " + mutator.Mutate([edge.AccessToken])), From(mutator)]),
            _ => Header(mutator),
        };

    private const string Urlencoded = "application/x-www-form-urlencoded";

    private string Basic =>
        "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{edge.Made.Client().Id}:{edge.Made.Client().Secret}"));

    private (string, string) Admin => ("Authorization", "Bearer " + edge.Admin.Bearer);

    private byte[] Path(Mutator mutator)
    {
        var route = mutator.Choose(routes);
        var call = Call.To(route, mutator.Next(2) == 0 ? TargetOf(route) : TargetOf(route) with { Id = mutator.Choose(ids) });
        return Request(
            route.Method == "ANY" ? "GET" : route.Method,
            mutator.Mutate([call.Path, Escaped(call.Path)]),
            [CallerOf(route)],
            "application/json",
            "{}"
        );
    }

    private byte[] Query(Mutator mutator)
    {
        var route = mutator.Choose([.. routes.Where(route => route.Method == "GET")]);
        var values = new[]
        {
            "1",
            "usr_0000000000000000000007",
            "active",
            "2099-01-01T00:00:00Z",
            edge.Made.Application.Id,
            edge.Made.Api.Identifier,
            "api_key",
            "success",
        };
        var query = string.Join(
            '&',
            Enumerable.Range(0, 1 + mutator.Next(3)).Select(_ => $"{mutator.Choose(Filters)}={mutator.Mutate(values)}")
        );
        return Request(
            "GET",
            $"{Call.To(route, TargetOf(route)).Path}?{(mutator.Next(2) == 0 ? query : mutator.Mutate([query]))}",
            [CallerOf(route)]
        );
    }

    private byte[] Json(Mutator mutator)
    {
        var route = mutator.Choose([
            .. routes.Where(route => route.Method is "POST" or "PATCH" && route.Path.StartsWith("/v1", StringComparison.Ordinal)),
        ]);
        var call = Call.To(route, TargetOf(route), sacrificed.Api.Identifier);
        var usual = call.Body is null ? "{}" : JsonSerializer.Serialize(call.Body, call.Body.GetType());
        return Request(
            route.Method,
            call.Path,
            [CallerOf(route)],
            "application/json",
            mutator.Mutate(mutator.Next(3) > 0 ? [usual] : JsonSamples)
        );
    }

    /// <summary>Members of every request there is: most fit no route whole, and each fits some.</summary>
    private string[] JsonSamples =>
        [
            """{"name":"n","permissions":[{"api":"urn:tokenry:management","scopes":["verify"]}],"objects":["repo:*"],"expires_at":"2099-01-01T00:00:00Z","not_before":"2026-01-01T00:00:00Z","allowed_ips":["10.0.0.0/8","::/0"],"metadata":{"a":[1,"b",{"c":null}]}}""",
            """{"identifier":"https://x.example.com","name":"n","scopes":[{"name":"a","description":"b"}],"accepted_credentials":["api_key"],"carriers":["bearer","header:X-K"],"object_types":["repo"],"objects_in_tokens":false,"access_token_lifetime_seconds":300,"resource_servers":[]}""",
            // Some route ends what it is told of, so it is one that may end.
            $$"""{"token":"{{sacrificed.ApiKey.Secret}}","api":"{{edge.Made.Api.Identifier}}","scopes":["invoices:read"],"object":"repo:a","ip":"192.0.2.1","method":"GET","path":"/a"}""",
            """{"email":"a@example.com","name":"n","roles":["rol_0000000000000000000004"]}""",
            $$$$"""{"api":"{{{{edge.Made.Api.Identifier}}}}","method":"POST","proof":{"uri":"{{{{edge.Made.Api.Identifier}}}}/a?b","headers":{"signature":"t=:AAAA:","signature-input":["t=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\");created=2000000000;nonce=\"n\";keyid=\"{{{{sacrificed.ApiKey.Id}}}}\";tag=\"tokenry-v1\""],"content-digest":"sha-256=:AAAA:"}}}""",
            """{"name":"n","request_signing":"optional"}""",
            """{"overlap_seconds":60,"expires_at":null}""",
            """{"name":"n","permissions":null,"objects":null,"expires_at":null}""",
        ];

    private byte[] Form(Mutator mutator)
    {
        var (id, secret) = edge.Made.Client();
        string[] samples =
        [
            $"grant_type=client_credentials&scope=invoices%3Aread&resource={Uri.EscapeDataString(edge.Made.Api.Identifier)}",
            $"grant_type=client_credentials&client_id={id}&client_secret={secret}",
            $"token={edge.AccessToken}&token_type_hint=access_token",
            $"token={edge.Made.ApiKey.Secret}",
        ];
        var form = mutator.Mutate(samples);
        var isInForm = form.Contains("client_", StringComparison.Ordinal);
        // Other tests use these on.
        var isGood =
            form.Contains(edge.AccessToken, StringComparison.Ordinal) || form.Contains(edge.Made.ApiKey.Secret, StringComparison.Ordinal);
        return Request(
            "POST",
            mutator.Choose<string>(isGood ? ["/oauth/token", "/oauth/introspect"] : ["/oauth/token", "/oauth/introspect", "/oauth/revoke"]),
            isInForm ? [From(mutator)] : [("Authorization", Basic), From(mutator)],
            Urlencoded,
            form
        );
    }

    private byte[] Credential(Mutator mutator)
    {
        var text = mutator.Mutate([
            edge.Made.ApiKey.Secret,
            edge.Made.PersonalAccessToken.Secret,
            edge.Made.ClientSecret.Secret,
            edge.AccessToken,
        ]);
        return mutator.Next(3) switch
        {
            0 => Request("POST", "/v1/verify", [Admin], "application/json", JsonSerializer.Serialize(new { token = text })),
            1 => Request("POST", "/oauth/introspect", [("Authorization", Basic)], Urlencoded, "token=" + Uri.EscapeDataString(text)),
            _ => Request("GET", "/v1/me", [(mutator.Choose(["X-API-Key", "Authorization"]), text)]),
        };
    }

    private string Signed =>
        $"t=(\"@method\" \"@authority\" \"@path\" \"@query\");created={DateTimeOffset.UtcNow.ToUnixTimeSeconds()};nonce=\"n\";keyid=\"{sacrificed.ApiKey.Id}\";tag=\"tokenry-v1\"";

    private byte[] Header(Mutator mutator)
    {
        var samples = new (string Name, string Value)[]
        {
            ("Idempotency-Key", "b7c1"),
            ("X-Forwarded-For", "203.0.113.7, 10.0.0.1"),
            ("X-Forwarded-Proto", "https"),
            ("Content-Type", "application/json; charset=utf-8"),
            ("Accept", "application/json;q=0.9, */*"),
            ("If-None-Match", "W/\"abc\", \"def\""),
            ("User-Agent", "curl/8"),
            ("Host", "127.0.0.1:7600"),
            ("Cookie", "a=b; __Host-c=d"),
            ("Expect", "100-continue"),
            ("Range", "bytes=0-1"),
            ("Accept-Encoding", "gzip;q=1"),
            ("Content-Encoding", "gzip"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("Connection", "X-Forwarded-For, keep-alive"),
            ("Authorization", "Bearer x"),
            ("Signature", "t=:AAAA:"),
            ("Signature-Input", Signed),
            ("Content-Digest", "sha-256=:AAAA:"),
        };
        var (name, value) = mutator.Choose(samples);
        var route = mutator.Choose(routes);
        var call = Call.To(route, TargetOf(route));
        var body = call.Body is null or Call.FormBody ? "{}" : JsonSerializer.Serialize(call.Body, call.Body.GetType());
        var more = (mutator.Next(8) == 0 ? mutator.Mutate([name]) : name, mutator.Mutate([value]));
        return Request(
            route.Method == "ANY" ? "GET" : route.Method,
            call.Path,
            name switch
            {
                "Authorization" => [more],
                "Signature-Input" => [("Signature", "t=:AAAA:"), more],
                _ => [CallerOf(route), more],
            },
            name == "Content-Type" ? null : "application/json",
            body
        );
    }

    /// <summary>What the route is about, so that a request comes past "there is no such thing".</summary>
    private Target TargetOf(Route route) =>
        new(
            ids.FirstOrDefault(id => id.StartsWith(Call.Prefix(route.Path), StringComparison.Ordinal))
                ?? $"{Call.Prefix(route.Path)}_0000000000000000000007", // of what no scenario makes
            Call.OwnerPrefix(route.Path) == "usr" ? sacrificed.User.Id : sacrificed.Application.Id
        );

    /// <summary>What ends the caller's own credential is tried with one that may end.</summary>
    private (string, string) CallerOf(Route route) =>
        route.Path.StartsWith("/oauth", StringComparison.Ordinal) ? ("Authorization", Basic)
        : route.Path.StartsWith("/v1/me/credential", StringComparison.Ordinal)
            ? ("Authorization", "Bearer " + sacrificed.PersonalAccessToken.Secret)
        : Admin;

    /// <summary>Failures of one network are throttled, so each comes from another.</summary>
    private static (string, string) From(Mutator mutator) => ("X-Forwarded-For", $"10.{mutator.Next(256)}.{mutator.Next(256)}.1");

    private static string Escaped(string path) => path.Replace("_", "%5F", StringComparison.Ordinal);

    private static byte[] Request(
        string method,
        string target,
        (string Name, string Value)[] headers,
        string? contentType = null,
        string body = ""
    )
    {
        var bytes = Loose.Bytes(body);
        var head = new StringBuilder($"{method} {Line(target).Replace(" ", "", StringComparison.Ordinal)} HTTP/1.1\r\n");
        if (!headers.Any(header => header.Name == "Host"))
            head.Append("Host: edge.example.com\r\n");
        foreach (var (name, value) in headers)
            head.Append($"{Line(name)}: {Line(value)}\r\n");
        if (contentType is not null)
            head.Append($"Content-Type: {contentType}\r\n");
        if (method is not ("GET" or "HEAD") || bytes.Length > 0)
            head.Append($"Content-Length: {bytes.Length}\r\n");
        return [.. Loose.Bytes(head.Append("\r\n").ToString()), .. bytes];
    }

    /// <summary>One line stays one line: how requests are cut is another test's matter.</summary>
    private static string Line(string text) => text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
}
