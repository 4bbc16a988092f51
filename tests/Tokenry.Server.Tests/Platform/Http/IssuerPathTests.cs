namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>
/// B.5: behind a proxy that maps a path, every address that a client is told is below the issuer, whether the proxy takes the path away or leaves it.
/// </summary>
public sealed class IssuerPathTests
{
    private const string Issuer = "http://127.0.0.1:7600/auth";

    [Theory, BothEngines]
    public async Task B5_Location_metadata_and_challenges_carry_the_issuers_path(Engine engine)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tokenry:Issuer"] = Issuer };
        await using var server = await ServerProcess.StartAsync(engine, new ServerOptions { Settings = settings });
        var admin = await server.AdminAsync();
        foreach (var prefix in new[] { "", "/auth" })
        {
            var application = await admin.PostAsync(prefix + "/v1/applications", new { name = "x" }).Expect(201);
            var location = application.Header("Location")!;
            Assert.Equal($"/auth/v1/applications/{application.Text("id")}", location);
            await admin.GetAsync(location).Expect(200);
            var key = await admin.PostAsync($"{prefix}/v1/applications/{application.Text("id")}/api-keys", new { name = "x" }).Expect(201);
            Assert.StartsWith("/auth/v1/", key.Header("Location"), StringComparison.Ordinal);
            var user = await admin.PostAsync(prefix + "/v1/users", new { email = $"{CreateRequests.Unique("p")}@example.com" }).Expect(201);
            Assert.Equal($"/auth/v1/users/{user.Text("id")}", user.Header("Location"));

            var challenge = (await admin.With(null).GetAsync(prefix + "/v1/me").Expect(401)).Header("WWW-Authenticate")!;
            var metadata = challenge.Split("resource_metadata=\"")[1].Split('"')[0];
            Assert.StartsWith(Issuer + "/.well-known/", metadata, StringComparison.Ordinal);
            var described = await admin.GetAsync(prefix + metadata[Issuer.Length..]).Expect(200);
            Assert.Equal(Issuer, described.Json.GetProperty("authorization_servers")[0].GetString());
            var server8414 = await admin.GetAsync(prefix + "/.well-known/oauth-authorization-server").Expect(200);
            foreach (
                var member in server8414.Json.EnumerateObject().Where(member => member.Name.EndsWith("_endpoint", StringComparison.Ordinal))
            )
                Assert.StartsWith(Issuer + "/", member.Value.GetString(), StringComparison.Ordinal);
            var openApi = await admin.GetAsync(prefix + "/openapi/v1.json").Expect(200);
            Assert.Equal(Issuer, openApi.Json.GetProperty("servers")[0].GetProperty("url").GetString());
            Assert.Equal(200, (await admin.SendAsync(HttpMethod.Head, prefix + "/health/live")).Status);
        }
    }
}
