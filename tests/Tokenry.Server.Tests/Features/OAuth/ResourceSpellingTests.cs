namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// C.4: <c>resource</c> names an API whatever the case of scheme and host, with its default port or none, with a bare closing slash or none; <c>aud</c> stays
/// as registered. Who asks about a credential (verify, forward-auth) names the registered identifier exactly.
/// </summary>
public sealed class ResourceSpellingTests(SharedServers servers)
{
    /// <summary>Of <c>https://NAME.example.com</c>, and whether it is that API.</summary>
    public static readonly IReadOnlyList<(string Spelling, bool IsSame)> Spellings =
    [
        ("https://{0}.example.com", true),
        ("HTTPS://{0}.example.com", true),
        ("https://{0}.EXAMPLE.com", true),
        ("Https://{0}.Example.Com", true),
        ("https://{0}.example.com/", true),
        ("https://{0}.example.com:443", true),
        ("https://{0}.example.com:443/", true),
        ("https://{0}.example.com:", true),
        ("http://{0}.example.com", false),
        ("https://{0}.example.com:8443", false),
        ("https://{0}.example.com./", false),
        ("https://{0}.example.com//", false),
        ("https://{0}.example.com/a", false),
        ("https://{0}.example.com?a", false),
        ("https://x.{0}.example.com", false),
    ];

    [Theory, BothEngines]
    public async Task C4_every_spelling_gets_the_same_token_and_document(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var name = CreateRequests.Unique("spelt");
        var made = await Scenario
            .On(admin)
            .Api(_ => new { identifier = $"https://{name}.example.com" }, "a")
            .Role()
            .Application()
            .ClientSecret()
            .PersonalAccessToken()
            .CreateAsync();
        var service = await admin.CreateApplicationAsync([], new { token_exchange_audiences = new[] { made.Api.Identifier } });
        var secret = await admin.CreateClientSecretAsync(service.Id);
        foreach (var (format, isSame) in Spellings)
        {
            var resource = string.Format(format, name);
            var bought = await anonymous.TokenAsync(made.Client(), ("resource", resource));
            var exchanged = await anonymous.FormAsync(
                "/oauth/token",
                [
                    ("grant_type", Exchange.Grant),
                    ("subject_token", made.PersonalAccessToken.Secret),
                    ("subject_token_type", Exchange.PersonalAccessToken),
                    ("resource", resource),
                ],
                (service.Id, secret.Secret)
            );
            var described = await anonymous.GetAsync($"/.well-known/oauth-protected-resource?resource={Uri.EscapeDataString(resource)}");
            Assert.Equal(
                (resource, isSame ? (200, 200, 200) : (400, 400, 404)),
                (resource, (bought.Status, exchanged.Status, described.Status))
            );
            // Who asks about a credential has the identifier from configuration, not from a client.
            var code = await admin.VerifyAsync(made.PersonalAccessToken.Secret, resource);
            Assert.Equal((resource, resource == made.Api.Identifier ? "valid" : "wrong_api"), (resource, code));
            if (isSame)
            {
                Assert.Equal(made.Api.Identifier, OAuthRequests.Claims(bought.Text("access_token")).GetProperty("aud").GetString());
                Assert.Equal(made.Api.Identifier, OAuthRequests.Claims(exchanged.Text("access_token")).GetProperty("aud").GetString());
                Assert.Equal(made.Api.Identifier, described.Text("resource"));
            }
        }

        // Two spellings of one resource are one resource.
        await anonymous.AccessTokenAsync(made.Client(), ("resource", made.Api.Identifier), ("resource", made.Api.Identifier + "/"));
    }

    [Theory, BothEngines]
    public async Task C4_a_second_API_cannot_take_another_spelling(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api().CreateAsync();
        foreach (var spelling in new[] { made.Api.Identifier + "/", made.Api.Identifier.ToUpperInvariant(), made.Api.Identifier + ":443" })
        {
            var refused = await admin.PostAsync("/v1/api-resources", new { identifier = spelling, name = "x" });
            refused.Expect(409, "already_exists");
        }
    }
}
