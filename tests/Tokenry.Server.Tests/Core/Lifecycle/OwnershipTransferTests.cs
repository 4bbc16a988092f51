using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using Tokenry.Server.Tests.Core.Principals;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Lifecycle;

/// <summary>A.4: an application goes from one owner to another, and what an upgrade finds.</summary>
public sealed class OwnershipTransferTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A4_an_application_is_transferred_and_its_credentials_are_listed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var world = await OwnedApplication.ArrangeAsync(admin);
        var heir = await admin.PersonAsync(Developer);
        var moved = await admin.PostAsync(world.Application + "/transfer", new { owner = heir.Id }).Expect(200);
        Assert.Equal(heir.Id, moved.Text("application.owner_id"));
        Assert.Equal(2, moved.Json.GetProperty("credentials").GetProperty("count").GetInt64());
        Assert.Equal(
            ["api_key", "client_secret"],
            moved
                .Json.GetProperty("credentials")
                .GetProperty("items")
                .EnumerateArray()
                .Select(item => item.GetProperty("kind").GetString()!)
        );
        // Who may move applications need not be one who reads credentials.
        foreach (var item in moved.Json.GetProperty("credentials").GetProperty("items").EnumerateArray())
            AssertMembers(item, "id", "kind", "name");
        await world.ExpectAsync("wrong_api"); // the heir has no right there
        await admin.PatchAsync($"/v1/users/{heir.Id}", new { roles = new[] { world.RoleId } }).Expect(200);
        await world.ExpectAsync("valid");
        await admin.DeleteAsync(world.User).Expect(204);
        await world.ExpectAsync("valid");
        var nobody = await admin.PostAsync(world.Application + "/transfer", new { owner = (string?)null }).Expect(200);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, nobody.Json.GetProperty("application").GetProperty("owner_id").ValueKind);
        await admin.DeleteAsync($"/v1/users/{heir.Id}").Expect(204);
        await world.ExpectAsync("valid");

        var events = await admin.GetAsync($"/v1/audit?target={world.Id}&action=application.transferred").Expect(200);
        Assert.Equal(
            [$"from {heir.Id} to none", $"from {world.UserId} to {heir.Id}"],
            events.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("reason").GetString()!)
        );
    }

    [Theory, BothEngines]
    public async Task A4_an_application_goes_to_an_enabled_user_or_to_nobody(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var world = await OwnedApplication.ArrangeAsync(admin);
        var path = world.Application + "/transfer";
        foreach (var owner in new[] { "", "x", world.Id, "usr_0000000000000000000009", "a\u0000b" })
            await admin.PostAsync(path, new { owner }).ExpectFaultAsync("owner");
        await admin.PostAsync(path, "{}").ExpectFaultAsync("owner");
        await admin.PostAsync(path, """{"owner":5}""").ExpectFaultAsync("owner");
        var idle = await admin.PersonAsync();
        await admin.PostAsync($"/v1/users/{idle.Id}/disable").Expect(200);
        await admin.PostAsync(path, new { owner = idle.Id }).ExpectFaultAsync("owner");
        await admin.PostAsync("/v1/applications/app_0000000000000000000009/transfer", new { owner = idle.Id }).Expect(404, "not_found");
        // Who owns it cannot give it away: the next owner may have more.
        var owner1 = await admin.CreatePersonalAccessTokenAsync(
            world.UserId,
            new { permissions = new[] { At(Management, "applications:own") } }
        );
        await admin.With(owner1.Secret).PostAsync(path, new { owner = (string?)null }).Expect(403, "insufficient_scope");
        Assert.Equal(world.UserId, (await admin.GetAsync(world.Application).Expect(200)).Text("owner_id"));
    }

    [Theory, BothEngines]
    public async Task A4_disabling_and_deleting_a_user_gives_their_applications_away_in_the_same_call(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var world = await OwnedApplication.ArrangeAsync(admin);
        var heir = await admin.PersonAsync(world.RoleId);
        foreach (var to in new[] { "x", "", world.UserId, "usr_0000000000000000000009" })
        {
            await admin.PostAsync($"{world.User}/disable?transfer_to={to}").ExpectFaultAsync("transfer_to");
            await admin.DeleteAsync($"{world.User}?transfer_to={to}").ExpectFaultAsync("transfer_to");
        }
        await world.ExpectAsync("valid"); // nothing was half done

        var manager = await admin.CallerAsync(
            "users:write",
            "roles:read",
            "audit:read",
            "applications:own",
            "tokens:own",
            "api-resources:read"
        );
        await manager.Client.DeleteAsync($"{world.User}?transfer_to={heir.Id}").Expect(403, "insufficient_scope");
        var disabled = await admin.PostAsync($"{world.User}/disable?transfer_to={heir.Id}").Expect(200);
        Assert.False(disabled.Json.GetProperty("enabled").GetBoolean());
        await world.ExpectAsync("valid");
        Assert.Equal(heir.Id, (await admin.GetAsync(world.Application).Expect(200)).Text("owner_id"));
        await admin.DeleteAsync($"/v1/users/{heir.Id}?transfer_to=none").Expect(204);
        await world.ExpectAsync("valid");
        var listed = await admin.GetAsync($"/v1/applications?owner={heir.Id}").Expect(200);
        AssertJson("[]", listed.Json.GetProperty("items"));
    }

    [Theory, BothEngines]
    public async Task A4_at_an_upgrade_an_application_that_has_more_than_its_owner_keeps_it_and_is_listed(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var (stronger, equal, orphan) = (
            await OwnedApplication.ArrangeAsync(admin),
            await OwnedApplication.ArrangeAsync(admin),
            await OwnedApplication.ArrangeAsync(admin)
        );
        await admin.PatchAsync(stronger.User, new { roles = new[] { Developer } }).Expect(200);
        await admin.DeleteAsync(orphan.User).Expect(204);
        await server.StopAsync();
        // As the migration leaves a store in which no owner bounds anything.
        await ExecuteAsync(server, "UPDATE principals SET owner_bound = 0 WHERE owner_id IS NOT NULL");
        await ExecuteAsync(server, "UPDATE store_properties SET value = 'unsettled' WHERE name = 'owned_applications'");
        await server.LaunchAsync();

        await stronger.ExpectAsync("valid");
        await orphan.ExpectAsync("valid");
        await equal.ExpectAsync("valid");
        var weak = await admin.GetAsync("/v1/applications?weakness=not_owner_bound").Expect(200);
        Assert.Equal(
            new[] { stronger.Id, orphan.Id }.Order(StringComparer.Ordinal),
            weak.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)
        );
        foreach (var item in weak.Json.GetProperty("items").EnumerateArray())
        {
            Assert.False(item.GetProperty("owner_bound").GetBoolean());
            Assert.Equal(["not_owner_bound"], Strings(item.GetProperty("weaknesses")));
        }

        var told = await admin.GetAsync("/v1/audit?action=application.left_unbound").Expect(200);
        Assert.Equal(2, told.Json.GetProperty("items").GetArrayLength());

        // The one with no more is bound; the others when they are confirmed or moved.
        await admin.PatchAsync(equal.User, new { roles = new[] { Developer } }).Expect(200);
        await equal.ExpectAsync("wrong_api");
        var confirmed = await admin.PostAsync(stronger.Application + "/transfer", new { owner = stronger.UserId }).Expect(200);
        Assert.True(confirmed.Json.GetProperty("application").GetProperty("owner_bound").GetBoolean());
        await stronger.ExpectAsync("wrong_api");
        await admin.PostAsync(orphan.Application + "/transfer", new { owner = (string?)null }).Expect(200);
        await orphan.ExpectAsync("valid");

        // Once: what was settled is not looked at again.
        await server.RestartAsync();
        AssertJson("[]", (await admin.GetAsync("/v1/applications?weakness=not_owner_bound").Expect(200)).Json.GetProperty("items"));
    }

    /// <summary>Straight into a store whose server has stopped.</summary>
    private static async Task ExecuteAsync(ServerProcess server, string sql)
    {
        await using DbConnection connection = server.ConnectionString is { } postgres
            ? new NpgsqlConnection(postgres)
            : new SqliteConnection($"Data Source={Path.Combine(server.DataDirectory, "tokenry.db")};Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
