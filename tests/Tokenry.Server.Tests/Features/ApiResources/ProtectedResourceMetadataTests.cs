namespace Tokenry.Server.Tests.Features.ApiResources;

/// <summary>RFC 9728 (security §3.7).</summary>
public sealed class ProtectedResourceMetadataTests(SharedServers servers, CertificateServers certificates)
{
    private const string WellKnown = "/.well-known/oauth-protected-resource";

    [Theory, BothEngines]
    public async Task It_says_of_an_API_what_a_client_must_know(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).Api("invoices:read", "invoices:write").CreateAsync();
        var document = await anonymous.GetAsync($"{WellKnown}/{made.Api.Id}").Expect(200);
        Assert.Equal("application/json", document.Header("Content-Type"));
        Assert.Equal("public, max-age=300", document.Header("Cache-Control"));
        Assert.Equal("*", document.Header("Access-Control-Allow-Origin"));
        Assert.Equal(made.Api.Identifier, document.Text("resource"));
        Assert.Equal([anonymous.Address], Texts(document, "authorization_servers"));
        Assert.Equal(["invoices:read", "invoices:write"], Texts(document, "scopes_supported"));
        Assert.Equal(["header"], Texts(document, "bearer_methods_supported"));
        Assert.Equal(["ES256", "PS256", "RS256"], Texts(document, "dpop_signing_alg_values_supported"));
        await anonymous.GetAsync($"{WellKnown}/{made.Api.Id}", headers: If(document.Header("ETag")!)).Expect(304);
        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { scopes = Array.Empty<object>() }).Expect(200);
        var without = await anonymous.GetAsync($"{WellKnown}/{made.Api.Id}").Expect(200);
        Assert.False(without.Json.TryGetProperty("scopes_supported", out _));
        await admin.DeleteAsync($"/v1/api-resources/{made.Api.Id}").Expect(204);
        await anonymous.GetAsync($"{WellKnown}/{made.Api.Id}").Expect(404);
    }

    [Theory, BothEngines]
    public async Task It_says_how_tokens_must_be_bound(Engine engine)
    {
        Assert.Equal((null, null), await SaidAsync(await servers.AdminAsync(engine), "bearer"));
        Assert.Equal((null, true), await SaidAsync(await servers.AdminAsync(engine), "bound"));
        // Where certificates are seen, a bound token may be bound to one instead.
        Assert.Equal((true, null), await SaidAsync((await certificates.GetAsync(engine)).Admin, "bound"));
    }

    private static async Task<(bool? ToCertificates, bool? ByDpopAlone)> SaidAsync(ApiClient admin, string strength)
    {
        var made = await Scenario.On(admin).Api(_ => new { minimum_strength = strength }).CreateAsync();
        var document = (await admin.GetAsync($"{WellKnown}/{made.Api.Id}").Expect(200)).Json;
        return (Flag("tls_client_certificate_bound_access_tokens"), Flag("dpop_bound_access_tokens_required"));

        bool? Flag(string member) => document.TryGetProperty(member, out var value) ? value.GetBoolean() : null;
    }

    [Theory]
    [InlineData("x")]
    [InlineData("res_0000000000000000000000")]
    [InlineData("https:%2F%2Fapi.example.com")]
    [InlineData("%27%20OR%201=1--")]
    public async Task What_is_not_there_is_404(string id) =>
        await (await servers.AnonymousAsync(Engine.Sqlite)).GetAsync($"{WellKnown}/{id}").Expect(404);

    /// <summary>RFC 9728 §5.1: a challenge says where to look.</summary>
    [Theory, BothEngines]
    public async Task The_challenge_of_a_door_names_the_document(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).Api().CreateAsync();
        var door = await anonymous.GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}").Expect(401);
        foreach (
            var challenge in new[] { door.Header("WWW-Authenticate")!, (await anonymous.GetAsync("/v1/me")).Header("WWW-Authenticate")! }
        )
        {
            Assert.DoesNotContain("error=", challenge, StringComparison.Ordinal);
            var address = challenge.Split("resource_metadata=\"")[1].Split('"')[0];
            Assert.StartsWith(anonymous.Address, address, StringComparison.Ordinal);
            var document = await anonymous.GetAsync(address[anonymous.Address.Length..]).Expect(200);
            Assert.Contains(document.Text("resource"), new[] { made.Api.Identifier, "urn:tokenry:management" });
        }
    }

    private static string[] Texts(ApiResponse document, string member) =>
        [.. document.Json.GetProperty(member).EnumerateArray().Select(value => value.GetString()!)];

    private static Dictionary<string, string> If(string tag) => new() { ["If-None-Match"] = tag };
}
