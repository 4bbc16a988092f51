using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Features.PersonalAccessTokens;

/// <summary>One token with permissions at two APIs opens both, and at neither more than it says.</summary>
public sealed class TwoApisTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_token_for_two_APIs_opens_at_each_what_it_names_there(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var invoices = await admin.CreateApiAsync(["read", "write"]);
        var parcels = await admin.CreateApiAsync(["read", "write"]);
        var other = await admin.CreateApiAsync(["read", "write"]);
        object[] all =
        [
            .. new[] { invoices, parcels, other }.Select(api => new { api = api.Identifier, scopes = new[] { "read", "write" } }),
        ];
        var user = await admin.CreateUserAsync([(await admin.CreateRoleAsync(all)).Id]);
        object[] named =
        [
            new { api = invoices.Identifier, scopes = new[] { "read" } },
            new { api = parcels.Identifier, scopes = new[] { "write" } },
        ];
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id, new { permissions = named });

        (CreatedApi Api, string Scope, string Code)[] expected =
        [
            (invoices, "read", "valid"),
            (invoices, "write", "insufficient_scope"),
            (parcels, "write", "valid"),
            (parcels, "read", "insufficient_scope"),
            (other, "read", "wrong_api"),
        ];
        foreach (var (api, scope, code) in expected)
        {
            var answer = await admin
                .PostAsync(
                    "/v1/verify",
                    new
                    {
                        token = token.Secret,
                        api = api.Identifier,
                        scopes = new[] { scope },
                    }
                )
                .Expect(200);
            Assert.Equal((api.Identifier, scope, code), (api.Identifier, scope, answer.Text("code")));
            var proxied = await admin
                .With(token.Secret)
                .GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(api.Identifier)}&scope={scope}");
            Assert.Equal(
                code == "valid" ? 200
                    : code == "wrong_api" ? 401
                    : 403,
                proxied.Status
            );
        }

        await admin.IntrospectAsync(token.Secret).ExpectActive();
    }
}
