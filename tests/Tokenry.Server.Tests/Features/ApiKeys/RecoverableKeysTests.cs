using Microsoft.Extensions.DependencyInjection;
using Tokenry.Server.Core.KeyCare;
using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;
using Tokenry.Server.Tests.Features.Policies;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.ApiKeys;

/// <summary>Keys whose secret the server can show again: who may see it, until when, and what is left of it in the store.</summary>
public sealed class RecoverableKeysTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_recoverable_key_is_revealed_as_it_was_made_and_after_a_rotation_as_it_is_now(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api().ApiKey(_ => new { recoverable = true, request_signing = "optional" }).CreateAsync();
        var path = $"/v1/api-keys/{made.ApiKey.Id}";
        Assert.True((await admin.GetAsync(path).Expect(200)).Json.GetProperty("recoverable").GetBoolean());
        var revealed = await admin.PostAsync(path + "/reveal").Expect(200);
        Assert.Equal(made.ApiKey.Secret, revealed.Text("token"));
        Assert.Equal(made.ApiKey.Response.Text("signing_key"), revealed.Text("signing_key"));
        Assert.Equal("no-store", revealed.Header("Cache-Control"));
        var rotated = await admin.PostAsync(path + "/rotate", new { overlap_seconds = 3600 }).Expect(200);
        Assert.True(rotated.Json.GetProperty("recoverable").GetBoolean());
        var again = await admin.PostAsync(path + "/reveal").Expect(200);
        Assert.Equal((rotated.Text("token"), rotated.Text("signing_key")), (again.Text("token"), again.Text("signing_key")));
        var events = (await admin.GetAsync($"/v1/audit?target={made.ApiKey.Id}&action=api_key.revealed").Expect(200)).Json.GetProperty(
            "items"
        );
        Assert.Equal(2, events.GetArrayLength());
        Assert.DoesNotContain(made.ApiKey.Secret, events.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(made.ApiKey.Secret, (await admin.GetAsync(path).Expect(200)).Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_key_that_does_not_work_or_has_no_copy_is_not_revealed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var plain = await admin.CreateApiKeyAsync(application.Id);
        await admin.PostAsync($"/v1/api-keys/{plain.Id}/reveal").Expect(409, "not_recoverable");
        await admin.PatchAsync($"/v1/api-keys/{plain.Id}", new { recoverable = true }).ExpectFaultAsync("recoverable");
        var kept = await admin.CreateApiKeyAsync(application.Id, new { recoverable = true });
        var path = $"/v1/api-keys/{kept.Id}";
        await admin.PostAsync(path + "/disable").Expect(200);
        await admin.PostAsync(path + "/reveal").Expect(409, "credential_not_active");
        await admin.PostAsync(path + "/enable").Expect(200);
        await admin.PostAsync(path + "/reveal").Expect(200);
        await admin.PatchAsync(path, new { recoverable = false }).Expect(200);
        await admin.PostAsync(path + "/reveal").Expect(409, "not_recoverable");
        var revoked = await admin.CreateApiKeyAsync(application.Id, new { recoverable = true });
        await admin.DeleteAsync($"/v1/api-keys/{revoked.Id}").Expect(204);
        await admin.PostAsync($"/v1/api-keys/{revoked.Id}/reveal").Expect(409, "credential_not_active");
        await admin.PostAsync("/v1/api-keys/key_000000000000000000000A/reveal").Expect(404, "not_found");
        await admin
            .PostAsync($"/v1/applications/{application.Id}/secrets", new { name = "x", recoverable = true })
            .ExpectFaultAsync("recoverable");
        await admin
            .PostAsync($"/v1/users/{(await admin.PersonAsync()).Id}/tokens", new { name = "x", recoverable = true })
            .ExpectFaultAsync("recoverable");
    }

    [Theory, BothEngines]
    public async Task Who_may_rotate_a_key_may_reveal_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["read", "write"]);
        var role = await admin.CreateRoleAsync([At(api.Identifier, "read", "write")]);
        var application = await admin.CreateApplicationAsync([role.Id]);
        var key = await admin.CreateApiKeyAsync(
            application.Id,
            new { recoverable = true, permissions = new[] { At(api.Identifier, "read", "write") } }
        );
        var path = $"/v1/api-keys/{key.Id}/reveal";
        await (await admin.CallerAsync("credentials:read", "applications:write")).Client.PostAsync(path).Expect(403, "insufficient_scope");
        await (await admin.CallerAsync("applications:own")).Client.PostAsync(path).Expect(404, "not_found");
        await (await admin.CallerAsync("credentials:write")).Client.PostAsync(path).Expect(200);
        await admin.With(key.Secret).PostAsync(path).Expect(403);

        // An application with the right to manage a key manages others, and does not see its own again.
        var manager = await admin.CreateApplicationAsync([(await admin.CreateRoleAsync([At(Management, "credentials:write")])).Id]);
        var own = await admin.CreateApiKeyAsync(
            manager.Id,
            new { recoverable = true, permissions = new[] { At(Management, "credentials:write") } }
        );
        await admin.With(own.Secret).PostAsync($"/v1/api-keys/{own.Id}/reveal").Expect(403, "exceeds_own_rights");
        await admin.With(own.Secret).PostAsync(path).Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_policy_forbids_copies_and_reveals_and_keeps_no_key_from_being_rotated(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        var key = await admin.CreateApiKeyAsync(application.Id, new { recoverable = true });
        var preview = await admin
            .PostAsync($"/v1/organizations/{organization}/policy/preview", new { recoverable = "forbidden" })
            .Expect(200);
        Assert.Equal("recoverable", preview.Json.GetProperty("items")[0].GetProperty("breaks")[0].GetProperty("rule").GetString());
        await admin.SetPolicyAsync(organization, new { recoverable = "yes" }).ExpectFaultAsync("recoverable");
        await admin.SetPolicyAsync(organization, new { recoverable = "forbidden" }).Expect(200);
        await admin
            .PostAsync($"/v1/applications/{application.Id}/api-keys", new { name = "x", recoverable = true })
            .ExpectViolationAsync("recoverable", organization);
        await admin.PostAsync($"/v1/api-keys/{key.Id}/reveal").ExpectViolationAsync("recoverable", organization);
        Assert.Equal(200, (await admin.With(key.Secret).GetAsync("/v1/me")).Status);
        await admin.PostAsync($"/v1/api-keys/{key.Id}/disable").Expect(200);
        await admin.PostAsync($"/v1/api-keys/{key.Id}/enable").Expect(200);
        var rotated = await admin.PostAsync($"/v1/api-keys/{key.Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        Assert.False(rotated.Json.GetProperty("recoverable").GetBoolean());
        await admin.ClearPolicyAsync(organization);
        await admin.PostAsync($"/v1/api-keys/{key.Id}/reveal").Expect(409, "not_recoverable");
    }

    [Theory, BothEngines]
    public async Task Who_reveals_much_waits(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var key = await admin.CreateApiKeyAsync((await admin.CreateApplicationAsync([])).Id, new { recoverable = true });
        var caller = (await admin.CallerAsync("credentials:write")).Client;
        for (var i = 0; i < 20; i++)
            await caller.PostAsync($"/v1/api-keys/{key.Id}/reveal").Expect(200);
        // A slow machine may have worked some off: one of the next is too many.
        ApiResponse last;
        var more = 0;
        do
        {
            last = await caller.PostAsync($"/v1/api-keys/{key.Id}/reveal");
        } while (last.Status == 200 && ++more < 20);
        last.Expect(429, "too_many_requests");
        Assert.NotNull(last.Header("Retry-After"));
    }

    [Theory, BothEngines]
    public async Task The_store_has_a_sealed_copy_that_a_revocation_deletes_and_a_new_key_seals_again(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var admin = server.Admin;
        var application = await admin.CreateApplicationAsync([]);
        var key = await admin.CreateApiKeyAsync(application.Id, new { recoverable = true });
        var gone = await admin.CreateApiKeyAsync(application.Id, new { recoverable = true });
        var before = await KeptAsync();
        Assert.Equal(2, before.Count);
        Assert.DoesNotContain(before, kept => kept.Sealed.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(key.Secret)) >= 0);
        await admin.DeleteAsync($"/v1/api-keys/{gone.Id}").Expect(204);
        var left = Assert.Single(await KeptAsync());
        Assert.Equal((key.Id, 1), (left.Id, left.Under));

        var rotation = server.App.Services.GetRequiredService<KeyRotation>();
        await rotation.PrepareAsync(pepper: false, keyEncryptionKey: true, _ => { });
        var said = new List<string>();
        await rotation.ActivateAsync(pepper: false, keyEncryptionKey: true, said.Add);
        Assert.Contains("key_encryption_key: 1 recoverable secrets are sealed again.", said);
        Assert.Equal(2, Assert.Single(await KeptAsync()).Under);
        Assert.Equal(key.Secret, (await admin.PostAsync($"/v1/api-keys/{key.Id}/reveal").Expect(200)).Text("token"));
        await admin.DeleteAsync($"/v1/applications/{application.Id}").Expect(204);
        Assert.Empty(await KeptAsync());

        Task<IReadOnlyList<(string Id, byte[] Sealed, long Under)>> KeptAsync() =>
            server.Database.WriteAsync(tx =>
                tx.QueryAsync<(string, byte[], long)>(
                    "SELECT credential_id, sealed, sealed_under FROM recoverable_secrets ORDER BY credential_id"
                )
            );
    }

    [Theory, BothEngines]
    public async Task A_person_makes_and_reveals_a_key_on_pages_with_a_fresh_proof(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var admin = server.Admin;
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([Administrator])).Id);
        var application = await admin.CreateApplicationAsync([]);
        var form = $"applications/{application.Id}/api-keys/new";
        var made = (await browser.SendAsync(form, form, ("name", "ci"), ("expires", "30"), ("recoverable", "yes"))).Expect(200).Body;
        Assert.Contains("You can reveal it again", made, StringComparison.Ordinal);
        var secret = made.Split("<code id=\"secret\" tabindex=\"0\">")[1].Split('<')[0];
        var id = (await admin.GetAsync($"/v1/applications/{application.Id}/api-keys").Expect(200))
            .Json.GetProperty("items")[0]
            .GetProperty("id")
            .GetString();
        var shown = (await browser.SendAsync($"credentials/{id}", $"credentials/{id}/reveal")).Expect(200).Body;
        Assert.Contains(secret, shown, StringComparison.Ordinal);
        Assert.DoesNotContain("Waiting for its first use", shown, StringComparison.Ordinal);
        var hidden = await browser.HiddenAsync($"/credentials/{id}", $"credentials/{id}/reveal");
        await server.Database.WriteAsync(tx =>
        {
            tx.Changed("session", "ses_" + browser.Session![..22]);
            return tx.ExecuteAsync("UPDATE sessions SET authenticated_at = authenticated_at - 600000");
        });
        var stale = (await browser.PostAsync($"/credentials/{id}/reveal", hidden)).Expect(303);
        Assert.StartsWith("/sign-in/confirm?return=", stale.Header("Location"), StringComparison.Ordinal);
        var plain = await admin.CreateApiKeyAsync(application.Id);
        Assert.DoesNotContain("/reveal", (await browser.GetAsync($"/credentials/{plain.Id}")).Expect(200).Body, StringComparison.Ordinal);
    }
}
