using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Web;

namespace Tokenry.Server.Tests.Features.SignIn;

/// <summary>An OpenID Connect provider on loopback that signs whatever it is told, and the walk of a person through it.</summary>
internal sealed class OutsideProvider : IDisposable
{
    public const string ClientId = "tokenry";
    public const string ClientSecret = "the secret / of tokenry";

    private readonly HttpListener _listener = new();
    private readonly ConcurrentDictionary<string, (string Challenge, string Token)> _codes = new(StringComparer.Ordinal);

    public OutsideProvider()
    {
        Address = $"http://127.0.0.1:{FreePort.Next()}";
        Issuer = new ForeignIssuer(Address);
        _listener.Prefixes.Add(Address + "/");
        _listener.Start();
        _ = ServeAsync();
    }

    public string Address { get; }

    public ForeignIssuer Issuer { get; }

    /// <summary>What the person's account has besides its subject.</summary>
    public JsonObject Claims { get; set; } = [];

    /// <summary>The settings of a server that knows this provider as <c>corp</c>.</summary>
    public Dictionary<string, string?> Settings(params (string Key, string? Value)[] more)
    {
        var secret = Path.Combine(Directory.CreateTempSubdirectory("tokenry-provider-").FullName, "secret");
        File.WriteAllText(secret, ClientSecret + "\n");
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Tokenry:Egress:Enabled"] = "true",
            ["Tokenry:Egress:AllowedNetworks:0"] = "127.0.0.1",
            ["Tokenry:SignIn:Providers:corp:Issuer"] = Address,
            ["Tokenry:SignIn:Providers:corp:ClientId"] = ClientId,
            ["Tokenry:SignIn:Providers:corp:ClientSecretFile"] = secret,
            ["Tokenry:SignIn:Providers:corp:Label"] = "Corp",
        };
        foreach (var (key, value) in more)
            settings["Tokenry:SignIn:Providers:corp:" + key] = value;
        return settings;
    }

    /// <summary>Goes to the provider, proves an account there and comes back.</summary>
    /// <param name="browser">The browser.</param>
    /// <param name="subject">The account.</param>
    /// <param name="change">What is wrong with the token.</param>
    /// <param name="start">Where it begins.</param>
    public async Task<ApiResponse> WalkAsync(
        Browser browser,
        string subject,
        Action<JsonObject, JsonObject>? change = null,
        string start = "/sign-in/with/corp?return=/account/security"
    ) => await browser.GetAsync(await ReturnOfAsync(browser, subject, change, start));

    /// <summary>The address with which the provider sends the person back.</summary>
    public async Task<string> ReturnOfAsync(
        Browser browser,
        string subject,
        Action<JsonObject, JsonObject>? change = null,
        string start = "/sign-in/with/corp?return=/account/security"
    )
    {
        var left = (await browser.GetAsync(start)).Expect(303).Header("Location")!;
        Assert.StartsWith(Address + "/authorize?", left, StringComparison.Ordinal);
        var query = HttpUtility.ParseQueryString(new Uri(left).Query);
        Assert.Equal(("code", ClientId, "S256"), (query["response_type"], query["client_id"], query["code_challenge_method"]));
        Assert.Equal("openid profile email", query["scope"]);
        var claims = (JsonObject)Claims.DeepClone();
        claims["sub"] = subject;
        claims["aud"] = ClientId;
        claims["nonce"] = query["nonce"];
        var code = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        _codes[code] = (query["code_challenge"]!, Issuer.Token(claims, change));
        var back = new Uri(query["redirect_uri"]!);
        return $"{back.AbsolutePath}?code={code}&state={query["state"]}&iss={Uri.EscapeDataString(Address)}";
    }

    public void Dispose()
    {
        _listener.Close();
        Issuer.Dispose();
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                var body = await AnswerAsync(context.Request);
                context.Response.StatusCode = body is null ? 400 : 200;
                context.Response.ContentType = "application/json";
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body ?? """{"error":"invalid_grant"}"""));
                context.Response.Close();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task<string?> AnswerAsync(HttpListenerRequest request)
    {
        switch (request.Url!.AbsolutePath)
        {
            case "/.well-known/openid-configuration":
                return new JsonObject
                {
                    ["issuer"] = Address,
                    ["authorization_endpoint"] = Address + "/authorize",
                    ["token_endpoint"] = Address + "/token",
                    ["jwks_uri"] = Address + "/jwks",
                }.ToJsonString();
            case "/jwks":
                return Issuer.Jwks.ToJsonString();
            default:
                using (var reader = new StreamReader(request.InputStream))
                {
                    var form = HttpUtility.ParseQueryString(await reader.ReadToEndAsync());
                    var pair = $"{Uri.EscapeDataString(ClientId)}:{Uri.EscapeDataString(ClientSecret)}";
                    var verifier = SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"] ?? ""));
                    return
                        request.Headers["Authorization"] == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))
                        && form["grant_type"] == "authorization_code"
                        && _codes.TryRemove(form["code"] ?? "", out var code)
                        && code.Challenge == System.Buffers.Text.Base64Url.EncodeToString(verifier)
                        ? new JsonObject
                        {
                            ["id_token"] = code.Token,
                            ["access_token"] = "not used",
                            ["token_type"] = "Bearer",
                        }.ToJsonString()
                        : null;
                }
        }
    }
}
