using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Principals;

/// <summary>A developer's own application, with what it authenticates with, looked at through every door.</summary>
internal sealed class OwnedApplication
{
    private readonly ApiClient _admin;
    private readonly (string Id, string Secret) _client;
    private readonly (string Id, string Secret) _service;
    private readonly string _accessToken;

    private OwnedApplication(
        ApiClient admin,
        Created made,
        (string Id, string Secret) client,
        (string Id, string Secret) service,
        string accessToken
    )
    {
        _admin = admin;
        (_client, _service, _accessToken) = (client, service, accessToken);
        (Api, RoleId, UserId, Id) = (made.Api.Identifier, made.Role.Id, made.User.Id, client.Id);
        (KeyId, Key) = (made.ApiKey.Id, made.ApiKey.Secret);
    }

    public string Api { get; }

    public string RoleId { get; }

    public string UserId { get; }

    public string Id { get; }

    public string KeyId { get; }

    public string Key { get; }

    public string User => $"/v1/users/{UserId}";

    public string Application => $"/v1/applications/{Id}";

    /// <summary>What the user's role, the application's and the key name.</summary>
    public object[] Permissions => [At(Management, "audit:read"), At(Api, "a")];

    public static async Task<OwnedApplication> ArrangeAsync(ApiClient admin)
    {
        var made = await Scenario.On(admin).Api("a").CreateAsync();
        object[] permissions = [At(Management, "audit:read"), At(made.Api.Identifier, "a")];
        made.Roles.Add(await admin.CreateRoleAsync(permissions));
        var user = await admin.PersonWithTokenAsync(
            [Developer, made.Role.Id],
            [At(Management, "applications:own", "audit:read"), At(made.Api.Identifier, "a")]
        );
        made.Users.Add(new CreatedUser(user.Id, "", user.Token.Response));
        var application = await user.Client.CreateApplicationAsync([made.Role.Id]);
        // Without an end: an administrator's, who is not bound by a developer's token.
        made.ApiKeys.Add(await admin.CreateApiKeyAsync(application.Id, new { permissions }));
        var secret = await admin.CreateClientSecretAsync(application.Id);
        var service = await admin.CreateApplicationAsync([], new { token_exchange_audiences = new[] { made.Api.Identifier } });
        var serviceSecret = await admin.CreateClientSecretAsync(service.Id);
        var client = (application.Id, secret.Secret);
        return new OwnedApplication(
            admin,
            made,
            client,
            (service.Id, serviceSecret.Secret),
            await admin.With(null).AccessTokenAsync(client, ("resource", made.Api.Identifier))
        );
    }

    /// <summary>The same at every door: <c>valid</c>, <c>wrong_api</c> or <c>owner_disabled</c>.</summary>
    public async Task ExpectAsync(string code)
    {
        var anonymous = _admin.With(null);
        var isValid = code == "valid";
        foreach (var presented in new[] { Key, _accessToken })
        {
            Assert.Equal(code, await _admin.CodeAsync(presented, Api, isValid ? ["a"] : null));
            var batch = await _admin
                .PostAsync("/v1/verify/batch", new { items = new[] { new { token = presented, api = Api } } })
                .Expect(200);
            Assert.Equal(code, batch.Json.GetProperty("items")[0].GetProperty("code").GetString());
            var door = await anonymous.With(presented).GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(Api)}&scope=a&as=jwt");
            Assert.Equal(isValid ? 200 : 401, door.Status);
            var introspected = await _admin.IntrospectAsync(presented).Expect(200);
            var scopes = introspected.Json.TryGetProperty("scope", out var scope) ? scope.GetString()!.Split(' ') : [];
            Assert.Equal(isValid, scopes.Contains("a"));
        }

        var bought = await anonymous.TokenAsync(_client, ("resource", Api), ("scope", "a"));
        Assert.Equal(
            isValid ? 200
                : code == "wrong_api" ? 400
                : 401,
            bought.Status
        );
        var exchanged = await anonymous.FormAsync(
            "/oauth/token",
            [
                ("grant_type", Exchange.Grant),
                ("subject_token", Key),
                ("subject_token_type", Exchange.ApiKey),
                ("resource", Api),
                ("scope", "a"),
            ],
            _service
        );
        Assert.Equal(isValid ? 200 : 400, exchanged.Status);
        var own = await anonymous.With(Key).GetAsync("/v1/audit?limit=1");
        Assert.Equal(
            isValid ? 200
                : code == "wrong_api" ? 403
                : 401,
            own.Status
        );
    }
}
