namespace Tokenry.Server.Tests.Contracts;

/// <summary>Faults that the matrices and golden files brought to light, each by its name.</summary>
public sealed class FoundByTheContractsTests(SharedServers servers)
{
    /// <summary>It checked the body before it asked the Gate: any credential could try which APIs and scopes are registered.</summary>
    [Theory, BothEngines]
    public async Task The_quick_key_does_not_tell_who_may_not_ask_which_APIs_exist(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["invoices:read"]);
        var actor = await Actor.WithoutScopesAsync(admin);
        foreach (var identifier in new[] { api.Identifier, "https://unknown.example.com" })
        {
            var body = new
            {
                name = "quick",
                api = identifier,
                scopes = new[] { "invoices:read" },
            };
            await actor.Client.PostAsync("/v1/api-keys", body).Expect(403, "insufficient_scope");
        }
    }

    /// <summary>Foreign = unknown = 404; it was an empty list, which says that there is such an owner.</summary>
    [Theory, BothEngines]
    public async Task A_collection_below_an_owner_that_is_not_there_is_not_there(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([], new { password = (string?)null });
        var application = await admin.CreateApplicationAsync([]);
        await admin.GetAsync($"/v1/users/{user.Id}/tokens").Expect(200);
        await admin.GetAsync($"/v1/users/{Call.UnknownId("usr")}/tokens").Expect(404, "not_found");
        await admin.GetAsync($"/v1/users/{application.Id}/tokens").Expect(404, "not_found");
        await admin.GetAsync("/v1/applications/x/api-keys").Expect(404, "not_found");
        await admin.GetAsync($"/v1/applications/{user.Id}/secrets").Expect(404, "not_found");
    }

    /// <summary>A list below an owner took the filter <c>owner</c> and did not look at it.</summary>
    [Theory, BothEngines]
    public async Task A_list_below_an_owner_refuses_the_filter_owner(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        await admin.GetAsync($"/v1/applications/{application.Id}/api-keys?owner=x").Expect(400, "invalid_request");
        await admin.GetAsync("/v1/me/tokens?owner=x").Expect(400, "invalid_request");
        await admin.GetAsync($"/v1/api-keys?owner={application.Id}").Expect(200);
    }

    /// <summary>RFC 6749 §5.2: routing answered 415 as a problem before the endpoint could say 400 invalid_request.</summary>
    [Theory, BothEngines]
    public async Task A_form_endpoint_answers_another_media_type_in_OAuths_own_words(Engine engine)
    {
        var anonymous = await servers.AnonymousAsync(engine);
        foreach (var path in new[] { "/oauth/token", "/oauth/introspect", "/oauth/revoke" })
        {
            var answer = await anonymous.PostAsync(path, new { grant_type = "client_credentials" }).Expect(400);
            Assert.Equal("invalid_request", answer.Text("error"));
        }
    }
}
