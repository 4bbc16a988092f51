using System.Text.Json;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>Plain http is for loopback and for what a trusted proxy hands on; over anything else no secret is taken.</summary>
public sealed class TlsRequirementTests(TlsRequirementTests.Servers servers, SharedServers shared)
    : IClassFixture<TlsRequirementTests.Servers>
{
    [Fact]
    public async Task From_another_machine_every_route_but_the_public_documents_is_refused()
    {
        var admin = servers.BareAdmin;
        var remote = admin.At(servers.Remote(servers.Bare));
        foreach (var route in await Route.AllAsync())
        {
            var call = Call.To(route, Target.Nobody);
            var answer = await call.SendAsync(remote);
            switch (route.Access.Kind)
            {
                // A door is open to anybody, and what is brought to it is a credential.
                // So are the pages of sign-in: a password, a passkey or a code follows, and a link holds one.
                case RouteAuthentication.Public
                    when route.Method is "GET" or "HEAD"
                        && route.Path is not ("/v1/forward-auth" or "/k" or "/invitation" or "/calendar/{secret}.ics")
                        && !route.Path.StartsWith("/sign-in", StringComparison.Ordinal):
                    // A page answers only where it is called by the issuer's host.
                    Assert.True(answer.Status is 200 or 404 || route.Path == "/" && answer.Status == 421, $"{route}: {answer.Status}");
                    break;
                case RouteAuthentication.Client:
                    Assert.Equal(400, answer.Status);
                    Assert.Equal("invalid_request", answer.Text("error"));
                    Assert.StartsWith("use https", answer.Text("error_description"), StringComparison.Ordinal);
                    OAuthRequests.ExpectUncached(answer);
                    break;
                default:
                    answer.Expect(403, "tls_required");
                    Assert.Equal("no-store", answer.Header("Cache-Control"));
                    Assert.Null(answer.Header("WWW-Authenticate"));
                    break;
            }
        }

        // A mistyped path or method carries the same credential.
        await remote.GetAsync("/v1/mee").Expect(403, "tls_required");
        await remote.PostAsync("/v1/me").Expect(403, "tls_required");
        await remote.PostAsync("/.well-known/jwks.json").Expect(403, "tls_required");
        await admin.GetAsync("/v1/me").Expect(200);
    }

    /// <summary>Before any credential is looked at: a good one and a bad one are not told apart, and neither is used.</summary>
    [Fact]
    public async Task A_good_credential_and_a_bad_one_get_one_answer_and_no_use_is_recorded()
    {
        var admin = servers.BareAdmin;
        var made = await Scenario.On(admin).ClientSecret().PersonalAccessToken().CreateAsync();
        var anonymous = admin.With(null).At(servers.Remote(servers.Bare));
        var good = await anonymous.With(made.PersonalAccessToken.Secret).GetAsync("/v1/me").Expect(403);
        var bad = await anonymous.With("junk").GetAsync("/v1/me").Expect(403);
        Assert.Equal(Body(good), Body(bad));
        await anonymous.TokenAsync(made.Client()).ExpectOAuthClear();
        await anonymous.TokenAsync(("x", "y")).ExpectOAuthClear();
        // last_used is flushed each second.
        await Task.Delay(TimeSpan.FromSeconds(2));
        var shown = await admin.GetAsync($"/v1/users/{made.User.Id}/tokens/{made.PersonalAccessToken.Id}").Expect(200);
        Assert.Equal(JsonValueKind.Null, shown.Json.GetProperty("last_used").ValueKind);

        static string Body(ApiResponse response) => response.Body.Replace(response.Text("request_id"), "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_but_a_listed_proxy_can_say_it_was_https()
    {
        var remote = servers.BareAdmin.At(servers.Remote(servers.Bare));
        (string Name, string Value)[] claims =
        [
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-For", "127.0.0.1"),
            ("X_Forwarded_Proto", "https"),
            ("X-Forwarded-Scheme", "https"),
            ("X-Forwarded-Ssl", "on"),
            ("Front-End-Https", "on"),
            ("Forwarded", "for=127.0.0.1;proto=https"),
            ("X-Original-Proto", "https"),
            ("X-Url-Scheme", "https"),
        ];
        foreach (var (name, value) in claims)
            await remote.GetAsync("/v1/me", headers: new Dictionary<string, string> { [name] = value }).Expect(403, "tls_required");
    }

    /// <summary>X-Forwarded-For, X-Forwarded-Proto and what becomes of it, from a proxy that is listed.</summary>
    [Fact]
    public async Task A_listed_proxy_is_believed()
    {
        var proxy = servers.ProxiedAdmin.At(servers.Remote(servers.Proxied));
        (string? For, string? Proto, int Status)[] cases =
        [
            (null, null, 200),
            ("198.51.100.7", null, 200), // it says nothing: it is there for TLS
            ("198.51.100.7", "https", 200),
            ("198.51.100.7", "HTTPS", 200),
            ("198.51.100.7", "http", 403),
            ("198.51.100.7", "Http", 403),
            ("198.51.100.7", "on", 403),
            ("127.0.0.1", "http", 200), // a health check beside the proxy
            ("[::1]:4711", "http", 200),
            ("127.0.0.1, 198.51.100.7", "http", 403), // the client wrote the left one
            ("198.51.100.7", "https, http", 403),
            ("198.51.100.7", "http, https", 200),
            ("198.51.100.7, 203.0.113.9", "https, http", 200), // between two trusted proxies
            ("198.51.100.7, 203.0.113.9", "http, https", 403),
            ("198.51.100.7, 203.0.113.9", "https, http, https", 403),
            ("198.51.100.7, 203.0.113.9", "http", 403),
            ("nonsense", "http", 403),
            (null, "http", 403), // stripped on the way: the client is unknown
        ];
        foreach (var (forwardedFor, proto, status) in cases)
        {
            var headers = new Dictionary<string, string> { ["X-Forwarded-For"] = forwardedFor ?? "", ["X-Forwarded-Proto"] = proto ?? "" };
            var answer = await proxy.GetAsync("/v1/me", headers: headers);
            Assert.True(answer.Status == status, $"for '{forwardedFor}', proto '{proto}': {answer.Status}");
        }
    }

    [Fact]
    public async Task A_loopback_proxy_that_is_listed_is_believed_too()
    {
        var proxy = servers.ProxiedAdmin;
        await proxy.GetAsync("/v1/me", headers: Forwarded("http")).Expect(403, "tls_required");
        await proxy.GetAsync("/v1/me", headers: Forwarded("https")).Expect(200);
        await proxy.GetAsync("/v1/me").Expect(200);

        static Dictionary<string, string> Forwarded(string proto) =>
            new() { ["X-Forwarded-For"] = "198.51.100.7", ["X-Forwarded-Proto"] = proto };
    }

    /// <summary>On loopback nothing is listened to, so a proxy beside the server that is not listed changes nothing.</summary>
    [Fact]
    public async Task Loopback_is_served_whatever_an_unlisted_peer_says()
    {
        var headers = new Dictionary<string, string> { ["X-Forwarded-For"] = "198.51.100.7", ["X-Forwarded-Proto"] = "http" };
        await servers.BareAdmin.GetAsync("/v1/me", headers: headers).Expect(200);
    }

    [Fact]
    public async Task The_log_says_it_once_a_minute_a_peer_and_without_a_secret()
    {
        await using var peer = await MachineAddress.AddAsync();
        var server = servers.Bare;
        var admin = servers.BareAdmin;
        var remote = admin.At($"http://{peer.Value}:{new Uri(server.Address).Port}");
        for (var i = 0; i < 20; i++)
            await remote.GetAsync($"/v1/me?access_token={remote.Bearer}").Expect(403);
        await remote.FormAsync("/oauth/token", [("client_secret", remote.Bearer!)]).Expect(400);

        // Logged behind all of those: once it is out, so are they.
        await admin.FormAsync("/oauth/revoke?token=x", [("token", "x")]).Expect(400);
        await UntilLoggedAsync(server, "secret_in_url");

        var line = Assert.Single(server.StandardOutput, line => line.Contains(peer.Value.ToString(), StringComparison.Ordinal));
        using var entry = JsonDocument.Parse(line);
        Assert.Equal("Warning", entry.RootElement.GetProperty("LogLevel").GetString());
        Assert.StartsWith("tls_required", entry.RootElement.GetProperty("Message").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(server.StandardOutput, any => any.Contains(remote.Bearer!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_start_warns_of_plain_http_that_only_a_proxy_could_use()
    {
        var warning = Assert.Single(await WarningsAsync(servers.Bare));
        Assert.Contains("Tokenry:TrustedProxies", warning, StringComparison.Ordinal);
        Assert.Empty(await WarningsAsync(servers.Proxied));
        Assert.Empty(await WarningsAsync(await shared.GetAsync(Engine.Sqlite)));

        static async Task<List<string>> WarningsAsync(ServerProcess server)
        {
            await UntilLoggedAsync(server, "Store: "); // the last word of a start
            return [.. server.StandardOutput.Where(line => line.Contains("is plain http and not loopback", StringComparison.Ordinal))];
        }
    }

    private static async Task UntilLoggedAsync(ServerProcess server, string text)
    {
        for (var tries = 0; !server.StandardOutput.Any(line => line.Contains(text, StringComparison.Ordinal)); tries++)
        {
            Assert.True(tries < 200, $"'{text}' does not come in the log");
            await Task.Delay(50);
        }
    }

    /// <summary>Both listen on every address of the machine, one of which is not loopback.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        private MachineAddress elsewhere = null!;

        /// <summary>Without proxies.</summary>
        public ServerProcess Bare { get; private set; } = null!;

        /// <summary>Behind proxies at the other address, at another one and on loopback.</summary>
        public ServerProcess Proxied { get; private set; } = null!;

        public ApiClient BareAdmin { get; private set; } = null!;

        public ApiClient ProxiedAdmin { get; private set; } = null!;

        public string Remote(ServerProcess server) => $"http://{elsewhere.Value}:{new Uri(server.Address).Port}";

        public async ValueTask InitializeAsync()
        {
            elsewhere = await MachineAddress.AddAsync();
            Bare = await StartAsync(null);
            Proxied = await StartAsync($"{elsewhere.Value},203.0.113.9,127.0.0.1");
            (BareAdmin, ProxiedAdmin) = (await Bare.AdminAsync(), await Proxied.AdminAsync());
        }

        public async ValueTask DisposeAsync()
        {
            await Bare.DisposeAsync();
            await Proxied.DisposeAsync();
            await elsewhere.DisposeAsync();
        }

        private static Task<ServerProcess> StartAsync(string? proxies) =>
            ServerProcess.StartAsync(
                Engine.Sqlite,
                new ServerOptions
                {
                    ListenOn = "0.0.0.0",
                    Settings = new Dictionary<string, string?>
                    {
                        ["Tokenry:Issuer"] = "https://tokens.example.com",
                        ["Tokenry:TrustedProxies"] = proxies,
                    },
                }
            );
    }
}

file static class Expectations
{
    public static async Task ExpectOAuthClear(this Task<ApiResponse> answering)
    {
        var answer = (await answering).Expect(400);
        Assert.Equal(
            """{"error":"invalid_request","error_description":"use https: the server accepts plain http only on loopback and from trusted proxies"}""",
            answer.Body
        );
    }
}
