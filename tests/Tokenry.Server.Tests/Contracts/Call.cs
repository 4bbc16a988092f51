namespace Tokenry.Server.Tests.Contracts;

/// <summary>What stands in a route's path.</summary>
/// <param name="Id">For <c>{id}</c>.</param>
/// <param name="Owner">For <c>{owner}</c>.</param>
internal sealed record Target(string Id, string? Owner = null)
{
    /// <summary>Well-formed ids that nothing has.</summary>
    public static readonly Target Nobody = new("", null);
}

/// <summary>A request to a route that is in order but for who sends it: a path with ids, a body that fits.</summary>
internal sealed record Call(HttpMethod Method, string Path, object? Body)
{
    /// <summary>What the route cannot do without, besides its path and body.</summary>
    public string? Query { get; init; }

    /// <summary>Path and query.</summary>
    public string Address => Query is null ? Path : $"{Path}{(Path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{Query}";

    /// <summary>Of the shape of a secret in a link.</summary>
    private static readonly string UnknownSecret = new('A', 43);

    private const string Auditor = "rol_0000000000000000000002";
    private const string OrganizationDeveloper = "rol_0000000000000000000006";

    private static readonly ForeignIssuer Issuer = new(algorithm: "ES256");

    /// <summary>A public id of the right shape: time and randomness all zero but the last.</summary>
    public static string UnknownId(string prefix) => $"{prefix}_000000000000000000000A";

    public static Call To(Route route, Target target, string? api = null, IReadOnlyList<string>? scopes = null)
    {
        var prefix = Prefix(route.Path);
        var path = route
            .Path.Replace("{id}", target == Target.Nobody ? UnknownId(prefix) : target.Id, StringComparison.Ordinal)
            .Replace(
                "{owner}",
                target == Target.Nobody ? UnknownId(OwnerPrefix(route.Path)) : target.Owner ?? UnknownId(OwnerPrefix(route.Path)),
                StringComparison.Ordinal
            )
            .Replace("{secret}", UnknownSecret, StringComparison.Ordinal);
        return new Call(
            new HttpMethod(route.Method),
            path,
            BodyOf(route, target, api ?? "https://unknown.example.com", scopes ?? ["invoices:read"])
        )
        {
            // What changes many needs a filter.
            Query = path.Contains("/bulk/", StringComparison.Ordinal) ? $"owner={target.Owner ?? UnknownId("app")}" : null,
        };
    }

    /// <summary>Of the ids at <c>{id}</c>.</summary>
    public static string Prefix(string path) =>
        path.StartsWith("/v1/organizations", StringComparison.Ordinal)
            ? (
                path.Contains("/members", StringComparison.Ordinal) ? "usr"
                : path.Contains("/invitations", StringComparison.Ordinal) ? "inv"
                : path.Contains("/tokens", StringComparison.Ordinal) ? "pat"
                : "org"
            )
        // A key stands for every kind where a route takes all of them.
        : path.StartsWith("/v1/reports/reviews", StringComparison.Ordinal)
            ? path.Contains("/lines", StringComparison.Ordinal) ? "rvl"
                : "rvw"
        : path.Contains("/api-keys", StringComparison.Ordinal) || path.StartsWith("/v1/credentials/{id}", StringComparison.Ordinal) ? "key"
        : path.Contains("/secrets", StringComparison.Ordinal) ? "sec"
        : path.Contains("/public-keys", StringComparison.Ordinal) ? "jwk"
        : path.Contains("/certificates", StringComparison.Ordinal) ? "crt"
        : path.Contains("/federated-identities", StringComparison.Ordinal) ? "fed"
        : path.StartsWith("/v1/approvals", StringComparison.Ordinal) ? "apr"
        : path.StartsWith("/v1/me/sessions", StringComparison.Ordinal) ? "ses"
        : path.StartsWith("/v1/me/role-requests", StringComparison.Ordinal) ? "rrq"
        : path.StartsWith("/v1/me/notices", StringComparison.Ordinal) ? "ntc"
        : path.Contains("/tokens", StringComparison.Ordinal) ? "pat"
        : path.StartsWith("/v1/users", StringComparison.Ordinal) ? "usr"
        : path.StartsWith("/v1/applications", StringComparison.Ordinal) ? "app"
        : path.StartsWith("/v1/roles", StringComparison.Ordinal) ? "rol"
        : "res";

    public static string OwnerPrefix(string path) =>
        path.StartsWith("/v1/users", StringComparison.Ordinal) ? "usr"
        : path.StartsWith("/v1/organizations", StringComparison.Ordinal) ? "org"
        : path.StartsWith("/v1/reports/reviews", StringComparison.Ordinal) ? "rvw"
        : "app";

    /// <summary>Headers win over the client's own: <c>Authorization</c> empty sends none.</summary>
    public Task<ApiResponse> SendAsync(ApiClient client, IDictionary<string, string>? headers = null) =>
        client.SendAsync(Method, Address, Body is FormBody form ? form.ToContent() : Body, headers);

    private static object? BodyOf(Route route, Target target, string api, IReadOnlyList<string> scopes)
    {
        var name = CreateRequests.Unique("matrix");
        return (route.Method, route.Path) switch
        {
            ("POST", "/v1/api-resources") => new { identifier = $"https://{name}.example.com", name },
            ("POST", "/v1/approvals/{id}/approve" or "/v1/approvals/{id}/deny") => new { message = name },
            ("POST", "/v1/organizations/{owner}/members") => new { member = target == Target.Nobody ? UnknownId("usr") : target.Id },
            ("POST", "/v1/organizations/{owner}/invitations") => new { note = name },
            ("PUT", "/v1/organizations/{owner}/members/{id}") => new { roles = new[] { OrganizationDeveloper } },
            ("PUT", var path) when path.EndsWith("/object-roles", StringComparison.Ordinal) => new { items = Array.Empty<object>() },
            // Policies bind everybody on the server: this rule is too wide to refuse anything.
            ("PATCH", var path) when path.EndsWith("/policy", StringComparison.Ordinal) => new { max_tokens_per_user = 100_000 },
            ("POST", var path) when path.EndsWith("/policy/preview", StringComparison.Ordinal) => new { max_tokens_per_user = 100_000 },
            ("POST", "/v1/me/calendar") => null,
            ("POST", "/v1/me/role-requests") => new { role = Auditor, justification = name },
            ("POST", "/v1/reports/reviews") => new { },
            ("POST", var path) when path.StartsWith("/v1/reports/reviews/", StringComparison.Ordinal) => new { comment = name },
            ("POST", "/v1/users") => new { email = $"{name}@example.com" },
            ("POST", "/v1/api-keys") => new
            {
                name,
                api,
                scopes,
            },
            ("POST", "/v1/applications/{id}/transfer") => new { owner = (string?)null },
            ("POST", var path) when path.EndsWith("/certificates", StringComparison.Ordinal) => new
            {
                name,
                certificate = TestAuthority.SelfSigned().ExportCertificatePem(),
            },
            ("POST", "/v1/credentials/bulk/revoke") => new { reason = name },
            ("POST", "/v1/credentials/revoke") => new { token = "tkr_key_garbage" },
            ("POST", "/v1/credentials/leaks") => "[]",
            ("POST", "/v1/verify") => new { token = "tkr_key_garbage" },
            ("POST", "/v1/verify/batch") => new { items = new[] { new { token = "tkr_key_garbage" } } },
            ("POST", "/oauth/token") => new FormBody([("grant_type", "client_credentials")]),
            ("POST", "/oauth/introspect" or "/oauth/revoke") => new FormBody([("token", "tkr_key_garbage")]),
            ("POST", "/oauth/renew") => new FormBody([("overlap_seconds", "60")]),
            ("POST", var path) when path.EndsWith("/public-keys", StringComparison.Ordinal) => new { name, pem = NewPublicKey() },
            ("POST", "/v1/signing-keys/rotate") => new { algorithm = "PS256" }, // none of ours: everybody's keys stay
            ("POST", var path) when path.EndsWith("/taint", StringComparison.Ordinal) => new { reason = name },
            ("POST", var path) when path.EndsWith("/federated-identities", StringComparison.Ordinal) => new
            {
                name,
                issuer = Issuer.Address,
                subject = ForeignIssuer.GitHubSubject,
                jwks = Issuer.Jwks,
            },
            ("POST", var path) when path.EndsWith("/revoke-all", StringComparison.Ordinal) => new { },
            ("POST", var path) when path.EndsWith("/descendants/revoke", StringComparison.Ordinal) => new { reason = name },
            ("POST", var path) when path.EndsWith("/rotate", StringComparison.Ordinal) => new { overlap_seconds = 60 },
            ("POST", var path)
                when path.EndsWith("able", StringComparison.Ordinal) || path.EndsWith("/end-overlap", StringComparison.Ordinal) => null,
            ("POST", var path) when path.EndsWith("/linked-accounts", StringComparison.Ordinal) => new
            {
                issuer = "https://login.example.com",
                subject = name,
            },
            ("POST", var path) when path.EndsWith("/reveal", StringComparison.Ordinal) => null,
            ("POST", var path) when path.EndsWith("/sign-in-links", StringComparison.Ordinal) => null,
            ("POST", var path)
                when !path.StartsWith("/v1/", StringComparison.Ordinal) && !path.StartsWith("/oauth/", StringComparison.Ordinal) =>
                new FormBody([("name", name)]),
            ("POST" or "PATCH", _) => new { name },
            _ => null,
        };
    }

    /// <summary>Another each time: an application has each key once.</summary>
    private static string NewPublicKey()
    {
        using var key = ClientKey.Make();
        return key.Pem;
    }

    internal sealed record FormBody(IReadOnlyList<(string Name, string Value)> Members)
    {
        public FormUrlEncodedContent ToContent() => new(Members.Select(member => KeyValuePair.Create(member.Name, member.Value)));
    }
}
