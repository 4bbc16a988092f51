using System.Text.Json;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>RFC 8414: the document says what is true, whatever a request claims.</summary>
public sealed class MetadataEndpointTests(SharedServers servers)
{
    private const string WellKnown = "/.well-known/oauth-authorization-server";

    [Fact]
    public async Task The_document_holds_what_the_server_does_and_nothing_empty()
    {
        var client = await servers.AnonymousAsync(Engine.Sqlite);
        var document = await client.GetAsync(WellKnown).Expect(200);
        Assert.Equal("application/json", document.Header("Content-Type"));
        Assert.Equal(
            [
                "issuer",
                "token_endpoint",
                "introspection_endpoint",
                "revocation_endpoint",
                "jwks_uri",
                "response_types_supported",
                "grant_types_supported",
                "token_endpoint_auth_methods_supported",
                "token_endpoint_auth_signing_alg_values_supported",
                "introspection_endpoint_auth_methods_supported",
                "introspection_endpoint_auth_signing_alg_values_supported",
                "revocation_endpoint_auth_methods_supported",
                "revocation_endpoint_auth_signing_alg_values_supported",
                "dpop_signing_alg_values_supported",
            ],
            OAuthRequests.Members(document)
        );
        Assert.Equal(client.Address, document.Text("issuer"));
        Assert.Equal(client.Address + "/oauth/token", document.Text("token_endpoint"));
        Assert.Equal(client.Address + "/oauth/introspect", document.Text("introspection_endpoint"));
        Assert.Equal(client.Address + "/oauth/revoke", document.Text("revocation_endpoint"));
        Assert.Equal(client.Address + "/.well-known/jwks.json", document.Text("jwks_uri"));
        // RFC 8414 §2 requires it, and there is no authorization endpoint.
        Assert.Equal(0, document.Json.GetProperty("response_types_supported").GetArrayLength());
        foreach (var member in document.Json.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.Array))
            Assert.True(member.Name == "response_types_supported" || member.Value.GetArrayLength() > 0, member.Name);
        Assert.Equal(document.Body, (await client.GetAsync("/.well-known/openid-configuration").Expect(200)).Body);
    }

    [Theory]
    [InlineData("Host", "evil.example.com")]
    [InlineData("X-Forwarded-Host", "evil.example.com")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("X-Forwarded-Prefix", "/evil")]
    [InlineData("Forwarded", "host=evil.example.com;proto=https")]
    [InlineData("X-Original-URL", "/evil")]
    public async Task No_header_changes_a_document(string name, string value)
    {
        var client = await servers.AnonymousAsync(Engine.Sqlite);
        foreach (var path in new[] { WellKnown, "/.well-known/jwks.json" })
        {
            var plain = await client.GetAsync(path).Expect(200);
            var claimed = await client.GetAsync(path, headers: new Dictionary<string, string> { [name] = value }).Expect(200);
            Assert.Equal(OAuthRequests.Fingerprint(plain), OAuthRequests.Fingerprint(claimed));
        }
    }

    [Fact]
    public async Task The_documents_are_for_anybody_and_cached_by_their_tag()
    {
        var client = await servers.AnonymousAsync(Engine.Sqlite);
        foreach (var path in new[] { WellKnown, "/.well-known/openid-configuration", "/.well-known/jwks.json" })
        {
            var document = await client.GetAsync(path).Expect(200);
            Assert.Equal("public, max-age=300", document.Header("Cache-Control"));
            Assert.Equal("*", document.Header("Access-Control-Allow-Origin"));
            Assert.Equal("nosniff", document.Header("X-Content-Type-Options"));
            var tag = document.Header("ETag")!;
            Assert.Matches("^\"[0-9a-f]+\"$", tag);
            foreach (var known in new[] { tag, "*", "W/" + tag, $"\"other\", {tag}", $"\"other\",W/{tag}" })
            {
                var same = await client.GetAsync(path, headers: If(known)).Expect(304);
                Assert.Empty(same.Body);
                Assert.Equal(tag, same.Header("ETag"));
                Assert.Equal("public, max-age=300", same.Header("Cache-Control"));
            }
            foreach (var other in new[] { "\"other\"", tag.Trim('"'), $"\"{tag.Trim('"')}x\"", "W/\"\"" })
                await client.GetAsync(path, headers: If(other)).Expect(200);
        }

        static Dictionary<string, string> If(string tag) => new() { ["If-None-Match"] = tag };
    }

    /// <summary>RFC 8414 §3.1: an issuer with a path has the well-known part before it.</summary>
    [Fact]
    public async Task An_issuer_with_a_path_is_served_at_the_inserted_path()
    {
        const string issuer = "http://127.0.0.1:7600/t1"; // what clients are told; where this server listens is another matter
        await using var started = await ServerProcess.StartAsync(
            Engine.Sqlite,
            new ServerOptions { Settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tokenry:Issuer"] = issuer } }
        );
        var client = started.Client();
        var document = await client.GetAsync(WellKnown + "/t1").Expect(200);
        Assert.Equal(issuer, document.Text("issuer"));
        await client.GetAsync(WellKnown + "/t2").Expect(404);
        await client.GetAsync(WellKnown + "/t1/").Expect(200);
        Assert.Equal(issuer, (await client.GetAsync("/t1/.well-known/openid-configuration").Expect(200)).Text("issuer"));

        // The endpoints it names are where it says: under the issuer's path.
        var made = await Scenario.On(await started.AdminAsync()).ClientSecret().CreateAsync();
        var (token, jwks) = (document.Text("token_endpoint"), document.Text("jwks_uri"));
        Assert.Equal((issuer + "/oauth/token", issuer + "/.well-known/jwks.json"), (token, jwks));
        var issued = await client.FormAsync("/t1/oauth/token", [("grant_type", "client_credentials")], made.Client()).Expect(200);
        Assert.Equal(issuer, OAuthRequests.Claims(issued.Text("access_token")).GetProperty("iss").GetString());
        await client.GetAsync("/t1/.well-known/jwks.json").Expect(200);
        await client.IntrospectAsync(issued.Text("access_token"), made.Client()).ExpectActive();
    }

    public static TheoryData<string> KnownGrantTypes =>
        [
            "client_credentials",
            "authorization_code",
            "refresh_token",
            "password",
            "implicit",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:saml2-bearer",
            "urn:openid:params:grant-type:ciba",
            "CLIENT_CREDENTIALS",
            "client_credentials ",
        ];

    [Theory, MemberData(nameof(KnownGrantTypes))]
    public async Task A_grant_type_is_accepted_exactly_if_it_is_advertised(string grantType)
    {
        var client = await servers.AnonymousAsync(Engine.Sqlite);
        var made = await Scenario.On(await servers.AdminAsync(Engine.Sqlite)).ClientSecret().CreateAsync();
        var request = client.FormAsync(
            "/oauth/token",
            [("grant_type", grantType), ("code", "x"), ("refresh_token", "x"), ("username", "x"), ("password", "x"), ("device_code", "x")],
            made.Client()
        );
        var response = await request;
        // An exchange of nothing is refused, but not for its grant.
        var isAccepted = response.Status == 200 || response.Text("error") == "invalid_request";
        Assert.Equal((await AdvertisedAsync("grant_types_supported")).Contains(grantType), isAccepted);
        if (!isAccepted)
            await request.ExpectOAuth(400, "unsupported_grant_type");
    }

    public static TheoryData<string> KnownMethods =>
        [
            "client_secret_basic",
            "client_secret_post",
            "client_secret_jwt",
            "private_key_jwt",
            "none",
            "tls_client_auth",
            "self_signed_tls_client_auth",
        ];

    [Theory, MemberData(nameof(KnownMethods))]
    public async Task A_client_authentication_method_is_accepted_exactly_if_it_is_advertised(string method)
    {
        var client = await servers.AnonymousAsync(Engine.Sqlite);
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var (id, secret) = made.Client();
        using var key = ClientKey.Make();
        await admin.CreatePublicKeyAsync(id, key);
        var publicId = (await admin.CreateApplicationAsync([], new { token_endpoint_auth_methods = new[] { "none" } })).Id;
        foreach (var endpoint in new[] { "token", "introspection", "revocation" })
        {
            var path = endpoint switch
            {
                "token" => "/oauth/token",
                "introspection" => "/oauth/introspect",
                _ => "/oauth/revoke",
            };
            (string, string)[] form = [("grant_type", "client_credentials"), ("token", "x")];
            const string assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            var request = method switch
            {
                "client_secret_basic" => client.FormAsync(path, form, (id, secret)),
                "client_secret_post" => client.FormAsync(path, [.. form, ("client_id", id), ("client_secret", secret)]),
                "private_key_jwt" => client.FormAsync(
                    path,
                    [.. form, ("client_assertion_type", assertionType), ("client_assertion", key.Assertion(id, client.Address))]
                ),
                "client_secret_jwt" => client.FormAsync(
                    path,
                    [.. form, ("client_id", id), ("client_assertion_type", assertionType), ("client_assertion", Assertion())]
                ),
                "none" => client.FormAsync(path, [.. form, ("client_id", publicId)]),
                _ => client.FormAsync(path, [.. form, ("client_id", id)]),
            };
            if (!(await AdvertisedAsync(endpoint + "_endpoint_auth_methods_supported")).Contains(method))
                await request.ExpectOAuth(401, "invalid_client");
            else if (method == "none" && endpoint == "token")
                await request.ExpectOAuth(400, "unauthorized_client"); // it is known, and this grant is not for it
            else
                await request.Expect(200);
        }

        string Assertion() =>
            key.Assertion(id, client.Address, (header, _) => header["alg"] = method == "private_key_jwt" ? "ES256" : "HS256");
    }

    private async Task<HashSet<string>> AdvertisedAsync(string member)
    {
        var document = await (await servers.AnonymousAsync(Engine.Sqlite)).GetAsync(WellKnown).Expect(200);
        return [.. document.Json.GetProperty(member).EnumerateArray().Select(value => value.GetString()!)];
    }
}
