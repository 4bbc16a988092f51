using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Attack;

/// <summary>Other spellings of what was granted or proved: none opens more than the plain one.</summary>
public sealed class SpellingTests(SharedServers servers)
{
    /// <summary>What a proof says it is for, where it is not for that.</summary>
    [Theory]
    [InlineData("{0}/OAUTH/token")]
    [InlineData("{0}/oauth/token/")]
    [InlineData("{0}//oauth/token")]
    [InlineData("{0}/oauth%2Ftoken")]
    [InlineData("{0}/oauth/token%00")]
    [InlineData("{0}/oauth/token;x")]
    [InlineData("{0}/x/../oauth/introspect")]
    [InlineData("https://{1}/oauth/token")]
    [InlineData("http://user@{1}/oauth/token")]
    [InlineData("http://127.0.0.1.:{2}/oauth/token")]
    [InlineData("http://127.0.0.1/oauth/token")]
    [InlineData("//{1}/oauth/token")]
    [InlineData("/oauth/token")]
    [InlineData("")]
    public async Task A_proof_for_another_address_buys_nothing(string form)
    {
        using var key = ClientKey.Make();
        var client = await servers.AnonymousAsync(Engine.Sqlite);
        var made = await Scenario.On(await servers.AdminAsync(Engine.Sqlite)).ClientSecret().CreateAsync();
        var uri = new Uri(client.Address);
        var address = string.Format(System.Globalization.CultureInfo.InvariantCulture, form, client.Address, uri.Authority, uri.Port);
        var answer = await client.FormAsync(
            "/oauth/token",
            [("grant_type", "client_credentials"), ("resource", made.Api.Identifier)],
            made.Client(),
            new Dictionary<string, string> { ["DPoP"] = key.Proof("POST", address) }
        );
        answer.Expect(400);
        Assert.Equal("invalid_dpop_proof", answer.Text("error"));
    }

    /// <summary>A credential that lacks the scope, asked about in ways that a proxy or a client can spell: never 200.</summary>
    [Theory]
    [InlineData("?api={0}&scope=invoices:write")]
    [InlineData("?api={0}&scope=invoices:read&scope=invoices:write")]
    [InlineData("?api={0}&scope=invoices:read%20invoices:write")]
    [InlineData("?api={0}&scope=invoices:read+invoices:write")]
    [InlineData("?scope=invoices:write&api={0}")]
    [InlineData("?api={0}&SCOPE=invoices:read&scope=invoices:write")]
    [InlineData("?api={0}&scope=INVOICES:READ")]
    [InlineData("?api={0}&scope=invoices:read%00")]
    [InlineData("?api={0}&scope=invoices:*")]
    [InlineData("?api={0}&scope=*")]
    [InlineData("?api={0}&api={1}&scope=invoices:read")]
    [InlineData("?api={1}&scope=invoices:read")]
    [InlineData("?api={0}/&scope=invoices:write")]
    [InlineData("?api={0}%23x&scope=invoices:write")]
    [InlineData("?api=urn:tokenry:management&scope=invoices:read")]
    [InlineData("?api=&scope=invoices:read")]
    [InlineData("?scope=invoices:read")]
    [InlineData("")]
    [InlineData(";api={0};scope=invoices:read")]
    public async Task No_spelling_of_the_query_opens_what_the_credential_lacks(string query)
    {
        var (bearer, api, other) = await ReaderAsync();
        var path =
            "/v1/forward-auth"
            + string.Format(
                System.Globalization.CultureInfo.InvariantCulture,
                query,
                Uri.EscapeDataString(api),
                Uri.EscapeDataString(other)
            );
        var answer = await bearer.GetAsync(path);
        Assert.True(answer.Status is 400 or 401 or 403 or 404, $"{answer.Status}: {path}");
    }

    /// <summary>Headers feed the audit and signatures; what is asked comes from the query alone.</summary>
    [Theory]
    [InlineData("X-Original-URI", "/v1/forward-auth?scope=invoices:read")]
    [InlineData("X-Original-URL", "http://x/?scope=invoices:read")]
    [InlineData("X-Forwarded-Uri", "/?scope=invoices:read")]
    [InlineData("X-Forwarded-Method", "OPTIONS")]
    [InlineData("X-HTTP-Method-Override", "OPTIONS")]
    [InlineData("X-Rewrite-URL", "/health/live")]
    [InlineData("X-Tokenry-Scopes", "invoices:write")]
    [InlineData("X-Tokenry-Subject", "usr_000000000000000000000A")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-Prefix", "/health")]
    [InlineData("Forwarded", "for=127.0.0.1;proto=https")]
    [InlineData("X-Client-Cert", "-----BEGIN CERTIFICATE-----")]
    public async Task No_header_opens_what_the_credential_lacks(string name, string value)
    {
        var (bearer, api, _) = await ReaderAsync();
        var path = $"/v1/forward-auth?api={Uri.EscapeDataString(api)}&scope=invoices:write";
        foreach (var method in new[] { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH" })
        {
            var answer = await bearer.SendAsync(new HttpMethod(method), path, headers: new Dictionary<string, string> { [name] = value });
            Assert.True(answer.Status == 403, $"{method} {answer.Status}");
        }
    }

    private async Task<(ApiClient Bearer, string Api, string Other)> ReaderAsync()
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var made = await Scenario.On(admin).Api("invoices:read", "invoices:write").Role("invoices:read").ApiKey().CreateAsync();
        var other = await admin.CreateApiAsync(["invoices:read"]);
        return (admin.With(made.ApiKey.Secret), made.Api.Identifier, other.Identifier);
    }
}
