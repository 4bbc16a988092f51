using System.Text.Json;

namespace Tokenry.Server.Tests.Features.OAuth.ClientAuthentication;

/// <summary>What the records say of an assertion that was refused.</summary>
public sealed class RefusedAssertionTests(SharedServers servers)
{
    /// <summary>N10: who signed with the client's key is traced to client and key; who did not is nobody.</summary>
    [Theory]
    [BothEngines("assertion_wrong_type", """{"typ":"JWT"}""")]
    [BothEngines("assertion_wrong_type", """{"typ":"JWT","exp":$now-61}""")]
    [BothEngines("assertion_wrong_audience", """{"aud":"$issuer/oauth/token"}""")]
    [BothEngines("assertion_wrong_audience", """{"aud":"https://evil.example.com"}""")]
    [BothEngines("assertion_too_long_lived", """{"exp":$now+3600}""")]
    [BothEngines("assertion_expired", """{"exp":$now-61}""")]
    [BothEngines("assertion_not_yet_valid", """{"nbf":$now+70}""")]
    public async Task What_the_clients_key_signed_is_recorded_as_the_clients(Engine engine, string reason, string change)
    {
        using var key = ClientKey.Make();
        using var stranger = ClientKey.Make();
        var (client, admin) = (await servers.AnonymousAsync(engine), await servers.AdminAsync(engine));
        var made = await Scenario.On(admin).Api().Role().Application().CreateAsync();
        var registered = await admin.CreatePublicKeyAsync(made.Application.Id, key);
        var (app, credential) = (made.Application.Id, registered.Text("id"));
        var changed = PrivateKeyJwtTests.Changed(change, client.Address);
        var refused = await PrivateKeyJwtTests
            .TokenAsync(client, key.Assertion(app, client.Address, changed))
            .ExpectOAuth(401, "invalid_client");
        var entry = await admin.LoggedAsync($"request={refused.Header("X-Request-Id")}");
        Assert.Equal(
            (reason, app, credential),
            (
                entry.GetProperty("result").GetString(),
                entry.GetProperty("subject").GetString(),
                entry.GetProperty("credential_id").GetString()
            )
        );

        refused = await PrivateKeyJwtTests
            .TokenAsync(
                client,
                stranger.Assertion(
                    app,
                    client.Address,
                    (header, claims) =>
                    {
                        changed(header, claims);
                        header["kid"] = key.Thumbprint;
                    }
                )
            )
            .ExpectOAuth(401, "invalid_client");
        entry = await admin.LoggedAsync($"request={refused.Header("X-Request-Id")}");
        Assert.Equal(JsonValueKind.Null, entry.GetProperty("subject").ValueKind);
        Assert.Equal(JsonValueKind.Null, entry.GetProperty("credential_id").ValueKind);
    }
}
