using System.Text;

namespace Tokenry.Chaos.Tests.Secrets;

/// <summary>A server that has seen secrets of every kind, come and gone in every way; the test knows them all.</summary>
internal sealed class SecretScenario : IAsyncDisposable
{
    private const string AdminPassword = "plain moss kettle orbit";
    private readonly Dictionary<string, string> _secrets = new(StringComparer.Ordinal) { ["bootstrap password"] = AdminPassword };

    private SecretScenario(ServerProcess server) => Server = server;

    public ServerProcess Server { get; }

    /// <summary>By what they are.</summary>
    public IReadOnlyDictionary<string, string> Secrets => _secrets;

    public ApiClient Admin { get; private set; } = null!;

    public Created Made { get; private set; } = null!;

    public static async Task<SecretScenario> PlayAsync(Engine engine)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Logging:LogLevel:Default"] = "Trace",
            ["Logging:LogLevel:Microsoft"] = "Trace",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Trace",
            ["Tokenry:Bootstrap:AdminPassword"] = AdminPassword,
            ["Tokenry:TrustedProxies"] = "127.0.0.1", // so that a test can fail from many addresses
        };
        var scenario = new SecretScenario(await ServerProcess.StartAsync(engine, new ServerOptions { Settings = settings }));
        try
        {
            await scenario.PlayAsync();
            return scenario;
        }
        catch
        {
            await scenario.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>A token sets none, so that the server only ever refuses it.</summary>
    private string Password { get; } = System.Security.Cryptography.RandomNumberGenerator.GetHexString(32);

    private async Task PlayAsync()
    {
        Admin = Server.Client(Keep("admin token", await Server.AdminTokenAsync()));
        Made = await Scenario.On(Admin).Api().Role().Application().User().ApiKey().ClientSecret().PersonalAccessToken().CreateAsync();
        Keep("API key", Made.ApiKey.Secret);
        Keep("client secret", Made.ClientSecret.Secret);
        Keep("personal access token", Made.PersonalAccessToken.Secret);
        Keep("user's password", Password);
        await OnceAndAgainAsync();
        await RotateAsync();
        await SignAsync();
        await AccessTokensAsync();
        await MistakesAsync();
        await DoorsAsync();
    }

    /// <summary>The sealed answers of repeated requests hold secrets.</summary>
    private async Task OnceAndAgainAsync()
    {
        foreach (var attempt in new[] { "first", "replayed" })
        {
            var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Idempotency-Key"] = "chaos-1" };
            var path = $"/v1/applications/{Made.Application.Id}/api-keys";
            var created = await Admin.PostAsync(path, new { name = "idempotent" }, headers).Expect(201);
            Keep($"idempotent API key, {attempt}", created.Text("token"));
        }
        Assert.Equal(_secrets["idempotent API key, first"], _secrets["idempotent API key, replayed"]);
        var quick = await Admin
            .PostAsync(
                "/v1/api-keys",
                new
                {
                    name = "quick",
                    api = Made.Api.Identifier,
                    scopes = Made.Api.Scopes,
                }
            )
            .Expect(201);
        Keep("quick API key", quick.Text("token"));
    }

    private async Task RotateAsync()
    {
        foreach (var overlap in new[] { 0, 600 })
        {
            var body = new { overlap_seconds = overlap };
            var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Idempotency-Key"] = $"rotate-{overlap}" };
            var key = await Admin.PostAsync($"/v1/api-keys/{Made.ApiKey.Id}/rotate", body, headers).Expect(200);
            Keep($"API key rotated with overlap {overlap}", key.Text("token"));
            var token = await Admin.PostAsync($"/v1/tokens/{Made.PersonalAccessToken.Id}/rotate", body).Expect(200);
            Keep($"token rotated with overlap {overlap}", token.Text("token"));
        }
        var self = await Admin
            .With(_secrets["token rotated with overlap 600"])
            .PostAsync("/v1/me/credential/rotate", new { overlap_seconds = 60 })
            .Expect(200);
        Keep("token that rotated itself", self.Text("token"));
    }

    /// <summary>Signing keys, which no request carries, and the signatures that do.</summary>
    private async Task SignAsync()
    {
        var key = await Admin.CreateApiKeyAsync(Made.Application.Id, new { request_signing = "optional" });
        Keep("API key that signs", key.Secret);
        Keep("signing key", key.Response.Text("signing_key"));
        var rotated = await Admin.PostAsync($"/v1/api-keys/{key.Id}/rotate", new { overlap_seconds = 600 }).Expect(200);
        Keep("API key that signs, rotated", rotated.Text("token"));
        Keep("signing key, rotated", rotated.Text("signing_key"));
        var me = Server.Address + "/v1/me";
        await Server.Client().GetAsync("/v1/me", headers: RequestSigner.Of(key).Sign("GET", me)).Expect(200);
        await Server.Client().GetAsync($"/v1/me?x={_secrets["signing key"]}").Expect(401);
        await Server.Client(_secrets["signing key"]).GetAsync("/v1/me").Expect(401);
        await Admin.PostAsync("/v1/verify", new { token = _secrets["signing key"] }).Expect(200);
    }

    private async Task AccessTokensAsync()
    {
        var anonymous = Server.Client();
        var client = (Made.Application.Id, Made.ClientSecret.Secret);
        (string, string)[] form = [("grant_type", "client_credentials"), ("resource", Made.Api.Identifier)];
        var jwt = Keep("access token", (await anonymous.FormAsync("/oauth/token", form, client).Expect(200)).Text("access_token"));
        var posted = await anonymous
            .FormAsync("/oauth/token", [.. form, ("client_id", client.Id), ("client_secret", client.Secret)])
            .Expect(200);
        Keep("access token by client_secret_post", posted.Text("access_token"));
        await anonymous.FormAsync("/oauth/introspect", [("token", jwt)], client).Expect(200);
        await Admin.PostAsync("/v1/verify", new { token = jwt, api = Made.Api.Identifier }).Expect(200);
        await anonymous.FormAsync("/oauth/revoke", [("token", jwt)], client).Expect(200);
        foreach (var secret in _secrets.Values.ToArray())
            await Admin.PostAsync("/v1/verify", new { token = secret, api = Made.Api.Identifier }).Expect(200);
    }

    /// <summary>Secrets where they do not belong: the server must not repeat them in its logs.</summary>
    private async Task MistakesAsync()
    {
        var (key, secret) = (Made.ApiKey.Secret, Made.ClientSecret.Secret);
        var anonymous = Server.Client();
        await anonymous.GetAsync($"/v1/me?access_token={key}");
        await anonymous.GetAsync($"/v1/api-keys/{key}");
        await anonymous.FormAsync($"/oauth/token?client_secret={secret}", [("grant_type", "client_credentials")]).Expect(400);
        await anonymous.FormAsync("/oauth/token", [("grant_type", secret), ("client_id", key)]);
        await anonymous.FormAsync("/oauth/token", [("grant_type", "client_credentials")], (secret, key)).Expect(401);
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes($"x:{key}"));
        await anonymous.GetAsync("/v1/me", headers: new Dictionary<string, string> { ["Authorization"] = $"Basic {basic}" }).Expect(401);
        await Admin.PostAsync("/v1/verify", $$"""{"token":"{{key}}","{{secret}}":1}""").Expect(400);
        await Admin
            .PostAsync(
                "/v1/users",
                new
                {
                    email = "x@example.com",
                    name = "x",
                    password = Password,
                    unknown = secret,
                }
            )
            .Expect(400);
        await Admin.PostAsync("/v1/roles", $"not json {secret}").Expect(400);
    }

    /// <summary>Through the gateway door by every carrier, with secrets in every word that is recorded; and found ones.</summary>
    private async Task DoorsAsync()
    {
        var made = await Scenario
            .On(Admin)
            .Api(
                _ => new
                {
                    carriers = new[] { "bearer", "x_api_key", "basic", "query", "header:X-Gitlab-Token" },
                    access_log = "all",
                    object_types = new[] { "repo" },
                },
                "a"
            )
            .Role()
            .ApiKey()
            .ApiKey()
            .CreateAsync();
        var key = Keep("API key at a door", made.ApiKeys[0].Secret);
        var found = Keep("API key that was found", made.ApiKeys[1].Secret);
        var jwt = _secrets["access token by client_secret_post"];
        var door = $"/v1/forward-auth?api={made.Api.Identifier}";
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{key}:{key}"));
        (string Name, string Value)[] carriers =
        [
            ("X-API-Key", key),
            ("Authorization", $"Bearer {key}"),
            ("Authorization", $"Basic {basic}"),
            ("X-Gitlab-Token", key),
            ("X-Forwarded-Uri", $"/x?key={key}"),
            ("X-Original-URI", $"/{key}/{jwt}?api_key={key}"),
        ];
        foreach (var (name, value) in carriers)
            await Server.Client().GetAsync(door, headers: new Dictionary<string, string> { [name] = value }).Expect(200);
        var words = new Dictionary<string, string>
        {
            ["X-API-Key"] = key,
            ["X-Forwarded-Uri"] = $"/hooks/{key}/{jwt}/{_secrets["signing key"]}/x",
            ["X-Forwarded-Method"] = key,
            ["User-Agent"] = $"curl {key} {jwt} {_secrets["signing key"]}",
        };
        var answer = await Server.Client().GetAsync($"{door}&as=jwt", headers: words).Expect(200);
        Keep("JWT for the upstream", answer.Header("X-Tokenry-Jwt")!);
        await Server.Client().GetAsync($"{door}&scope={key}&object=repo:{key}", headers: words).Expect(403);
        await Admin.PostAsync(
            "/v1/verify",
            new
            {
                token = key,
                api = made.Api.Identifier,
                scopes = new[] { key },
                @object = $"repo:{key}",
                path = $"/{jwt}?{key}",
                method = "GET",
            }
        );
        await Server.Client().PostAsync("/v1/credentials/revoke", new { token = found }).Expect(202);
        await Server.Client(found).GetAsync("/v1/me").Expect(401); // a signal
        await Task.Delay(TimeSpan.FromSeconds(2.5)); // records are written once a second
    }

    /// <summary>What the server tells about it all to who may ask.</summary>
    public async Task<string> RecordsAsync()
    {
        var told = new StringBuilder();
        foreach (
            var path in new[]
            {
                "/metrics",
                "/v1/access-log?limit=200",
                "/v1/usage?limit=200",
                "/v1/audit?limit=200",
                "/v1/credentials?limit=200",
            }
        )
            told.AppendLine((await Admin.GetAsync(path).Expect(200)).Body);
        return told.ToString();
    }

    private string Keep(string name, string secret) => _secrets[name] = secret;
}
