using System.Text.Json.Nodes;

namespace Tokenry.Testing;

/// <summary>Another issuer, with tokens in the shape of those that platforms give to their workloads. It signs whatever it is told.</summary>
public sealed class ForeignIssuer(string address = "https://token.actions.githubusercontent.com", string algorithm = "RS256") : IDisposable
{
    public const string GitHubSubject = "repo:acme/web:ref:refs/heads/main";

    public string Address => address;

    public string KeyId { get; init; } = "issuer-key-1";

    public ClientKey Key { get; } = ClientKey.Make(algorithm);

    /// <summary>As it publishes it.</summary>
    public JsonObject Jwks
    {
        get
        {
            var jwk = Key.Jwk;
            jwk["kid"] = KeyId;
            jwk["alg"] = algorithm;
            jwk["use"] = "sig";
            return new JsonObject { ["keys"] = new JsonArray(jwk) };
        }
    }

    /// <summary>A token that is good for five minutes but for what <paramref name="change"/> does to its header and claims.</summary>
    public string Token(JsonObject claims, Action<JsonObject, JsonObject>? change = null)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var header = new JsonObject
        {
            ["alg"] = algorithm,
            ["kid"] = KeyId,
            ["typ"] = "JWT",
        };
        claims["iss"] = address;
        claims["iat"] = now;
        claims["nbf"] = now - 300;
        claims["exp"] = now + 300;
        change?.Invoke(header, claims);
        return Key.Sign(header, claims);
    }

    /// <summary>A job of GitHub Actions on the main branch of <c>acme/web</c>.</summary>
    public static JsonObject GitHub(string audience) =>
        new()
        {
            ["jti"] = "5f3e1c2a-8f7b-4a1e-9d2c-0a1b2c3d4e5f",
            ["sub"] = GitHubSubject,
            ["aud"] = audience,
            ["ref"] = "refs/heads/main",
            ["sha"] = "0b1c2d3e4f5061728394a5b6c7d8e9f001122334",
            ["repository"] = "acme/web",
            ["repository_owner"] = "acme",
            ["repository_id"] = "74",
            ["repository_owner_id"] = "65",
            ["repository_visibility"] = "private",
            ["run_id"] = "1234567890",
            ["run_number"] = "10",
            ["run_attempt"] = "2",
            ["actor"] = "octocat",
            ["actor_id"] = "12",
            ["workflow"] = "deploy",
            ["workflow_ref"] = "acme/web/.github/workflows/deploy.yml@refs/heads/main",
            ["job_workflow_ref"] = "acme/web/.github/workflows/deploy.yml@refs/heads/main",
            ["head_ref"] = "",
            ["base_ref"] = "",
            ["event_name"] = "push",
            ["ref_type"] = "branch",
            ["ref_protected"] = "true",
            ["runner_environment"] = "github-hosted",
        };

    /// <summary>A job of GitLab CI on a protected branch.</summary>
    public static JsonObject GitLab(string audience) =>
        new()
        {
            ["jti"] = "c82eeb0c-5c6f-4a33-abf5-4c474b92b558",
            ["sub"] = "project_path:acme/web:ref_type:branch:ref:main",
            ["aud"] = audience,
            ["namespace_id"] = "72",
            ["namespace_path"] = "acme",
            ["project_id"] = "20",
            ["project_path"] = "acme/web",
            ["user_id"] = "1",
            ["user_login"] = "sample-user",
            ["pipeline_id"] = "574",
            ["pipeline_source"] = "push",
            ["job_id"] = "302",
            ["ref"] = "main",
            ["ref_type"] = "branch",
            ["ref_path"] = "refs/heads/main",
            ["ref_protected"] = "true",
            ["environment_protected"] = "false",
            ["runner_environment"] = "gitlab-hosted",
        };

    /// <summary>A pod's projected service account token: a list of audiences, no <c>typ</c>, claims within claims.</summary>
    public static JsonObject Kubernetes(string audience) =>
        new()
        {
            ["aud"] = new JsonArray(audience),
            ["jti"] = "aed34954-b33a-4142-b1ec-389d6bbb4936",
            ["sub"] = "system:serviceaccount:ci:deployer",
            ["kubernetes.io"] = new JsonObject
            {
                ["namespace"] = "ci",
                ["node"] = new JsonObject { ["name"] = "node-1", ["uid"] = "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1" },
                ["pod"] = new JsonObject { ["name"] = "deployer-7c9", ["uid"] = "5e0bd49b-f040-43b0-99b7-22765a53f7f3" },
                ["serviceaccount"] = new JsonObject { ["name"] = "deployer", ["uid"] = "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798" },
            },
        };

    /// <summary>An Azure managed identity, whose tokens live a day.</summary>
    public static JsonObject Azure(string audience) =>
        new()
        {
            ["aud"] = audience,
            ["sub"] = "f9b6a3a2-0a1b-4c2d-8e3f-445566778899",
            ["oid"] = "f9b6a3a2-0a1b-4c2d-8e3f-445566778899",
            ["tid"] = "72f988bf-86f1-41af-91ab-2d7cd011db47",
            ["azp"] = "11112222-bbbb-3333-cccc-4444dddd5555",
            ["azpacr"] = "2",
            ["idtyp"] = "app",
            ["ver"] = "2.0",
            ["xms_mirid"] = "/subscriptions/s/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deployer",
        };

    public void Dispose() => Key.Dispose();
}
