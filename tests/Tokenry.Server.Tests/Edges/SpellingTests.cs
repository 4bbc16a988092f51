using System.Text;
using Tokenry.Server.Platform.Text;
using Tokenry.Server.Tests.Features.OAuth;
using Tokenry.Server.Tests.Platform.Http;

namespace Tokenry.Server.Tests.Edges;

/// <summary>B.3: what the grammars of the specifications let be spelled in several ways means the same in each.</summary>
[Collection(EdgeCollection.Name)]
public sealed class SpellingTests(EdgeServer edge)
{
    private const string Form = "application/x-www-form-urlencoded";

    /// <summary>RFC 9110 §11.4: credentials are a scheme, one space or more, and the rest; schemes have no case.</summary>
    [Theory]
    [InlineData("Bearer {0}", 200)]
    [InlineData("Bearer  {0}", 200)]
    [InlineData("bearer     {0}", 200)]
    [InlineData("TOKEN  {0}", 200)]
    [InlineData("Bearer {0} ", 200)] // white space around a field's value is not part of it (§5.5)
    [InlineData("Bearer\t{0}", 401)]
    [InlineData("Bearer{0}", 401)]
    [InlineData("Bearer {0} x", 401)]
    public async Task B3_spaces_after_the_scheme(string format, int status)
    {
        var line = "Authorization: " + string.Format(format, edge.Admin.Bearer);
        Assert.Equal(status, (await RawHttp.SendAsync(edge.Admin, "GET /v1/me HTTP/1.1", [line])).Status);
    }

    [Theory]
    [InlineData("Basic {0}", 200)]
    [InlineData("basic   {0}", 200)]
    [InlineData("BASIC  {0}", 200)]
    [InlineData("Basic{0}", 401)]
    public async Task B3_spaces_after_Basic(string format, int status)
    {
        var (id, secret) = (edge.Made.Application.Id, edge.Made.ClientSecret.Secret);
        var line = "Authorization: " + string.Format(format, Convert.ToBase64String(Encoding.ASCII.GetBytes($"{id}:{secret}")));
        var body = $"grant_type=client_credentials&resource={Uri.EscapeDataString(edge.Made.Api.Identifier)}";
        Assert.Equal(status, (await RawHttp.FormAsync(edge.Admin, "/oauth/token", [line], body)).Status);
    }

    /// <summary>Clients that have one field for a key send it as the user name (curl -u KEY:).</summary>
    [Theory]
    [InlineData("{0}:", 200)]
    [InlineData(":{0}", 200)]
    [InlineData("anything:{0}", 200)]
    [InlineData("{0}:x", 401)]
    [InlineData("{0}", 401)] // RFC 7617 §2: a colon there must be
    [InlineData(":", 401)]
    public async Task B3_a_key_as_user_name_of_Basic(string pair, int status)
    {
        var made = await Scenario.On(edge.Admin).Api(_ => new { carriers = new[] { "basic" } }, "a").Role().ApiKey().CreateAsync();
        var line = "Authorization: Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Format(pair, made.ApiKey.Secret)));
        var door = $"GET /v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)} HTTP/1.1";
        Assert.Equal(status, (await RawHttp.SendAsync(edge.Admin, door, [line])).Status);
    }

    /// <summary>A proxy in front of WebSockets says <c>wss</c>; an empty element of a list is none (RFC 9110 §5.6.1.2).</summary>
    [Theory]
    [InlineData("https", 200)]
    [InlineData("HTTPS", 200)]
    [InlineData("wss", 200)]
    [InlineData("WSS", 200)]
    [InlineData("https,", 200)]
    [InlineData(" , https", 200)]
    [InlineData("http", 403)]
    [InlineData("ws", 403)]
    [InlineData("http,", 403)]
    [InlineData("ftp", 403)]
    public async Task B3_how_a_proxy_names_TLS(string proto, int status)
    {
        string[] lines = [$"X-Forwarded-Proto: {proto}", "X-Forwarded-For: 198.51.100.7", $"Authorization: Bearer {edge.Admin.Bearer}"];
        Assert.Equal(status, (await RawHttp.SendAsync(edge.Admin, "GET /v1/me HTTP/1.1", lines)).Status);
    }

    /// <summary>RFC 7239 §6 has the forms in which proxies write a node; ports do not make it another client.</summary>
    [Theory]
    [InlineData("198.51.100.7", true)]
    [InlineData("198.51.100.7:5678", true)]
    [InlineData("198.51.100.7:0", true)]
    [InlineData("::ffff:198.51.100.7", true)]
    [InlineData("[::ffff:198.51.100.7]:5678", true)]
    [InlineData(", 198.51.100.7", true)]
    [InlineData("198.51.100.7,", true)]
    [InlineData("198.51.100.007", false)]
    [InlineData("198.51.100.7:", false)]
    [InlineData("198.51.100.7:x", false)]
    [InlineData("198.51.100.7:123456", false)]
    [InlineData("198.51.25607", false)] // the old form of 198.51.100.7, which few programs read
    [InlineData("3325256711", false)]
    [InlineData("unknown", false)]
    [InlineData("_hidden", false)]
    public async Task B3_an_address_with_a_port(string forwardedFor, bool isKnown)
    {
        var bound = await edge.Admin.CreatePersonalAccessTokenAsync(
            edge.Made.User.Id,
            new { allowed_ips = new[] { "198.51.100.7" }, expires_at = DateTimeOffset.UtcNow.AddHours(1) }
        );
        string[] lines = [$"X-Forwarded-For: {forwardedFor}", $"Authorization: Bearer {bound.Secret}"];
        var status = (await RawHttp.SendAsync(edge.Admin, "GET /v1/me HTTP/1.1", lines)).Status;
        Assert.Equal(isKnown ? 200 : 401, status);
    }

    [Theory]
    [InlineData("1.2.3.4", "1.2.3.4")]
    [InlineData("1.2.3.4:5678", "1.2.3.4")]
    [InlineData("::1", "::1")]
    [InlineData("[::1]", "::1")]
    [InlineData("[::1]:5678", "::1")]
    [InlineData("2001:DB8::0:1", "2001:db8::1")]
    [InlineData("::ffff:1.2.3.4", "1.2.3.4")]
    [InlineData("", null)]
    [InlineData("[", null)]
    [InlineData("[]", null)]
    [InlineData("[1.2.3.4]", null)]
    [InlineData("[::1]5678", null)]
    [InlineData("::1:x", null)]
    [InlineData("1.2.3.4:", null)]
    [InlineData("127.1", null)]
    [InlineData("0x7f.0.0.1", null)]
    [InlineData("010.0.0.1", null)]
    [InlineData("2130706433", null)]
    [InlineData("1.2.3.4, 5.6.7.8", null)]
    [InlineData("example.com:80", null)]
    public void B3_addresses(string text, string? expected)
    {
        Assert.Equal(expected is not null, AddressText.TryParse(text, out var address));
        Assert.Equal(expected, address?.ToString());
    }

    /// <summary>A resource server copies what its proxy told it.</summary>
    [Theory]
    [InlineData("198.51.100.7:443", "valid")]
    [InlineData("198.51.100.8:443", "ip_not_allowed")]
    public async Task B3_an_address_with_a_port_at_verify(string ip, string code)
    {
        var made = await Scenario.On(edge.Admin).ApiKey(_ => new { allowed_ips = new[] { "198.51.100.7" } }).CreateAsync();
        var answer = await edge
            .Admin.PostAsync(
                "/v1/verify",
                new
                {
                    token = made.ApiKey.Secret,
                    api = made.Api.Identifier,
                    ip,
                }
            )
            .Expect(200);
        Assert.Equal(code, answer.Text("code"));
    }

    /// <summary>ingress-nginx sends the path in one header and the whole address in another; what they name must be one request.</summary>
    [Theory]
    [InlineData("X-Original-URI: /a?b=c|X-Original-URL: https://api.example.com/a?b=c", 200)]
    [InlineData("X-Original-URI: /a?b=c|X-Original-URL: HTTPS://api.example.com:443/a?b=c", 200)]
    [InlineData("X-Original-URL: wss://api.example.com/a|X-Forwarded-Uri: /a", 200)]
    [InlineData("X-Original-URL: https://api.example.com|X-Original-URI: /", 200)]
    [InlineData("X-Original-URL: https://api.example.com?b|X-Original-URI: /?b", 200)]
    [InlineData("X-Original-URI: /a?b=c|X-Original-URL: https://api.example.com/a?b=d", 400)]
    [InlineData("X-Original-URI: /a|X-Original-URL: https://api.example.com/a/", 400)]
    [InlineData("X-Original-URI: /a|X-Forwarded-Uri: /b", 400)]
    public async Task B3_one_request_named_twice(string lines, int status)
    {
        var door = $"GET /v1/forward-auth?api={Uri.EscapeDataString(edge.Made.Api.Identifier)} HTTP/1.1";
        var answer = await RawHttp.SendAsync(edge.Admin, door, [$"X-API-Key: {edge.Made.ApiKey.Secret}", .. lines.Split('|')]);
        Assert.Equal(status, answer.Status);
    }

    /// <summary>The type has no charset parameter, and libraries name one all the same; RFC 6749 Appendix B says UTF-8.</summary>
    [Theory]
    [InlineData(Form, 200)]
    [InlineData(Form + ";charset=UTF-8", 200)]
    [InlineData(Form + "; charset=\"utf-8\"", 200)]
    [InlineData(Form + "; charset=utf8", 200)]
    [InlineData(Form + "; charset=ISO-8859-1", 200)]
    [InlineData(Form + "; charset=us-ascii", 200)]
    [InlineData("APPLICATION/x-www-form-urlencoded ; Charset=Windows-1252", 200)]
    [InlineData("text/plain; charset=utf-8", 400)]
    [InlineData(Form + ", text/plain", 400)]
    public async Task B3_the_charset_of_a_form(string contentType, int status)
    {
        using var content = new ByteArrayContent(
            Encoding.ASCII.GetBytes($"grant_type=client_credentials&resource={Uri.EscapeDataString(edge.Made.Api.Identifier)}")
        );
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        var (id, secret) = edge.Made.Client();
        var pair = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{id}:{secret}"));
        var headers = new Dictionary<string, string> { ["Authorization"] = "Basic " + pair };
        await edge.Admin.With(null).SendAsync(HttpMethod.Post, "/oauth/token", content, headers).Expect(status);
    }

    /// <summary>RFC 9421 §2, §4.1 and RFC 9651: white space, unknown parameters, and fields split into lines.</summary>
    [Theory]
    [InlineData("s=(\"@method\" \"@path\");created=1;keyid=\"k\"", 1)]
    [InlineData("s=( \"@method\"   \"@path\" );created=1;keyid=\"k\"", 1)]
    [InlineData("s=(\"@method\" \"@path\"); created=1;  keyid=\"k\"", 1)]
    [InlineData("s=(\"@method\" \"@path\");keyid=\"k\";created=1;new=?1;other=token", 1)]
    [InlineData("s=(\"@method\") ,\t t=(\"@path\");created=1", 2)]
    [InlineData("s=(\"@method\" \"@path\");created=1.5", 0)] // §2.3: an integer
    [InlineData("s=(\"@method\"\"@path\");created=1", 0)]
    [InlineData("S=(\"@method\");created=1", 0)]
    public void B3_structured_fields(string field, int labels)
    {
        Assert.Equal(labels > 0, Tokenry.Protocol.Proofs.SignatureInput.TryParse(field, out var inputs));
        Assert.Equal(labels, inputs?.Count ?? 0);
    }
}
