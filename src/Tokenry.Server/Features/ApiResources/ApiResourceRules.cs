using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>The rules that an API resource must meet, at creation and after every update.</summary>
public static class ApiResourceRules
{
    public const int DefaultLifetimeSeconds = 300;

    public const string DefaultSigningAlg = JwsAlgorithms.Es256;

    public static readonly IReadOnlyList<string> DefaultAccepted =
    [
        CredentialKind.ApiKey,
        CredentialKind.PersonalAccessToken,
        CredentialKind.AccessToken,
    ];

    public static readonly IReadOnlyList<string> DefaultCarriers = ["bearer", "x_api_key"];

    private static readonly string[] AllAccepted = [.. DefaultAccepted, CredentialKind.AnonymousApiKey, CredentialKind.PublicKey];
    private static readonly string[] AccessLogLevels = [AccessLogLevel.None, AccessLogLevel.Denials, AccessLogLevel.All];

    private static readonly string[] Strengths = [MinimumStrength.Bearer, MinimumStrength.Signed, MinimumStrength.Bound];

    /// <param name="tx">The transaction of the operation.</param>
    /// <param name="resource">The API resource as it would be stored.</param>
    /// <param name="serversAreNew">
    /// Whether the request sets the resource servers. Stored ones are not checked, because an application may be deleted meanwhile.
    /// </param>
    public static async Task CheckAsync(WriteTransaction tx, ApiResource resource, bool serversAreNew = true)
    {
        var check = new Validation();
        CheckIdentifier(check, resource.Identifier);
        check.Name("name", resource.Name);
        CheckScopes(check, resource);
        CheckSet(
            check,
            "accepted_credentials",
            resource.AcceptedCredentials,
            AllAccepted.Contains,
            $"one of {string.Join(", ", AllAccepted)}"
        );
        check.Require(resource.AcceptedCredentials.Count > 0, "accepted_credentials", "needs at least one kind");
        CheckSet(check, "carriers", resource.Carriers, ApiCarriers.IsCarrier, "bearer, x_api_key, basic, query or header:<Name>");
        check.Require(resource.Carriers.Count > 0, "carriers", "needs at least one carrier");
        check.Require(
            resource.Carriers.Distinct(StringComparer.OrdinalIgnoreCase).Count() == resource.Carriers.Count,
            "carriers",
            "must not name a header twice"
        );
        CheckSet(
            check,
            "object_types",
            resource.ObjectTypes,
            type => ObjectPattern.TryParse(type + ":x", out var parsed) && parsed.Type == type,
            "a type such as repo"
        );
        check.Require(resource.AccessTokenLifetimeSeconds is >= 30 and <= 3600, "access_token_lifetime_seconds", "must be from 30 to 3600");
        check.Require(
            JwsAlgorithms.Signs(resource.AccessTokenSigningAlg),
            "access_token_signing_alg",
            $"must be one of {JwsAlgorithms.Es256}, {JwsAlgorithms.Rs256}"
        );
        check.Require(Strengths.Contains(resource.MinimumStrength), "minimum_strength", $"must be one of {string.Join(", ", Strengths)}");
        check.Require(AccessLogLevels.Contains(resource.AccessLog), "access_log", $"must be one of {string.Join(", ", AccessLogLevels)}");
        if (serversAreNew)
        {
            var servers = await ApiResourceStore.ApplicationsAmongAsync(tx, resource.ResourceServers);
            CheckSet(check, "resource_servers", resource.ResourceServers, servers.Contains, "the id of an application");
        }

        check.ThrowIfAny();
    }

    /// <summary>An absolute URI without a fragment (RFC 8707 §2), in visible ASCII, so that it can be compared byte for byte.</summary>
    private static void CheckIdentifier(Validation check, string identifier)
    {
        check.Require(
            identifier.Length is > 0 and <= 500
                && identifier.All(c => c is > ' ' and < '\x7f' and not '"' and not '\\' and not '#')
                && Uri.TryCreate(identifier, UriKind.Absolute, out var uri)
                && identifier.StartsWith(uri.Scheme + ":", StringComparison.OrdinalIgnoreCase),
            "identifier",
            new FieldFault("not_identifier", "must be an absolute URI without a fragment, such as https://api.example.com")
        );
        check.Require(
            !identifier.StartsWith(ManagementApi.ReservedPrefix, StringComparison.OrdinalIgnoreCase),
            "identifier",
            new FieldFault(
                "reserved",
                $"must not start with {ManagementApi.ReservedPrefix}, which is reserved",
                ("value", ManagementApi.ReservedPrefix)
            )
        );
    }

    private static void CheckScopes(Validation check, ApiResource resource)
    {
        var scopes = resource.Scopes;
        check.Require(scopes.Count <= 500, "scopes", new FieldFault("too_many", "must have at most 500 entries", ("n", 500)));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var scope in scopes.Take(500))
        {
            check.Require(
                ScopeName.IsValid(scope?.Name),
                "scopes",
                new FieldFault(
                    "not_scope_name",
                    $"'{Validation.Shown(scope?.Name)}' is not a scope name: use 1 to 200 visible ASCII characters without quotes and backslashes",
                    ("value", Validation.Shown(scope?.Name))
                )
            );
            check.Require(
                seen.Add(scope?.Name ?? ""),
                "scopes",
                new FieldFault("twice", $"'{Validation.Shown(scope?.Name)}' appears twice", ("value", Validation.Shown(scope?.Name)))
            );
            check.Text("scopes", scope?.Description, 500);
            if (scope?.AcceptedCredentials is { } accepted)
            {
                check.Require(
                    accepted.Count > 0,
                    "scopes",
                    $"'{Validation.Shown(scope.Name)}' accepts no kind; leave out accepted_credentials to accept all"
                );
                CheckSet(check, "scopes", accepted, resource.AcceptedCredentials.Contains, "a kind that this API accepts");
            }
        }

        CheckImplications(check, scopes);
    }

    /// <summary>A scope may imply scopes of the same API, without a cycle.</summary>
    private static void CheckImplications(Validation check, IReadOnlyList<ScopeDefinition> scopes)
    {
        var names = scopes.Select(scope => scope?.Name ?? "").ToHashSet(StringComparer.Ordinal);
        foreach (var scope in scopes.Take(500).Where(scope => scope?.Implies is not null))
        {
            check.Require(scope.Implies!.Count > 0, "scopes", $"'{Validation.Shown(scope.Name)}' implies no scope; leave out implies");
            CheckSet(check, "scopes", scope.Implies, names.Contains, "a scope of this API");
        }

        if (check.IsEmpty)
        {
            var circle = ScopeHierarchy.FindCycle(
                scopes.Where(scope => scope.Implies is not null).ToDictionary(scope => scope.Name, scope => scope.Implies!)
            );
            check.Require(circle is null, "scopes", $"'{Validation.Shown(circle)}' would imply itself");
        }
    }

    private static void CheckSet(
        Validation check,
        string member,
        IReadOnlyList<string> values,
        Func<string, bool> isAllowed,
        string expected
    )
    {
        check.Require(values.Count <= 100, member, "must have at most 100 entries");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var value in values.Take(100))
        {
            check.Require(value is not null && isAllowed(value), member, $"'{Validation.Shown(value)}' is not {expected}");
            check.Require(seen.Add(value ?? ""), member, $"'{Validation.Shown(value)}' appears twice");
        }
    }
}
