using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Credentials;

/// <summary>How many credentials and applications a principal may have (issue 13, A10).</summary>
public sealed class CapsTests(SharedServers servers)
{
    private static readonly (string Key, string Value)[] Small =
    [
        ("Tokenry:Caps:CredentialsPerApplication", "3"),
        ("Tokenry:Caps:CredentialsPerUser", "2"),
        ("Tokenry:Caps:ApplicationsPerOwner", "2"),
    ];

    [Theory, BothEngines]
    public async Task A10_one_credential_too_many_is_refused_until_another_is_revoked_or_expires(Engine engine)
    {
        var admin = await servers.AdminAsync(engine, Small);
        var application = await admin.CreateApplicationAsync([]);
        var key = await admin.CreateApiKeyAsync(application.Id);
        await admin.CreateClientSecretAsync(application.Id);
        var third = await admin.CreateApiKeyAsync(application.Id);
        foreach (var path in new[] { "api-keys", "secrets" })
            AssertLimit(3, await admin.PostAsync($"/v1/applications/{application.Id}/{path}", new { name = "one more" }));
        await admin.PostAsync($"/v1/api-keys/{key.Id}/rotate", new { overlap_seconds = 60 }).Expect(200); // what is there works on
        await admin.PostAsync($"/v1/api-keys/{key.Id}/disable").Expect(200);
        AssertLimit(3, await admin.PostAsync($"/v1/applications/{application.Id}/api-keys", new { name = "one more" }));

        await admin.DeleteAsync($"/v1/api-keys/{key.Id}").Expect(204);
        var fourth = await admin.CreateApiKeyAsync(application.Id);
        AssertLimit(3, await admin.PostAsync($"/v1/applications/{application.Id}/api-keys", new { name = "one more" }));
        await admin.PatchAsync($"/v1/api-keys/{third.Id}", new { expires_at = In(-1) }).Expect(200);
        await admin.CreateApiKeyAsync(application.Id);
        AssertLimit(3, await admin.PostAsync($"/v1/applications/{application.Id}/api-keys", new { name = "one more" }));
        await admin.PostAsync($"/v1/applications/{application.Id}/revoke-all", new { }).Expect(200);
        await admin.CreateApiKeyAsync(application.Id);
        Assert.Equal("revoked", await admin.CodeAsync(fourth.Secret));
    }

    [Theory, BothEngines]
    public async Task A10_many_at_once_do_not_pass_the_cap(Engine engine)
    {
        var admin = await servers.AdminAsync(engine, Small);
        var user = await admin.PersonAsync();
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(_ =>
                    admin.PostAsync($"/v1/users/{user.Id}/tokens", new { name = "x", permissions = new[] { At(Management, "tokens:own") } })
                )
        );
        Assert.Equal(2, answers.Count(answer => answer.Status == 201));
        Assert.All(answers.Where(answer => answer.Status != 201), answer => AssertLimit(2, answer));
    }

    [Theory, BothEngines]
    public async Task A10_a_user_owns_so_many_applications_and_deleted_ones_do_not_count(Engine engine)
    {
        var admin = await servers.AdminAsync(engine, Small);
        var developer = await admin.PersonWithTokenAsync([Developer], At(Management, "tokens:own", "applications:own"));
        var first = await developer.Client.CreateApplicationAsync([]);
        await developer.Client.CreateApplicationAsync([]);
        AssertLimit(2, await developer.Client.PostAsync("/v1/applications", new { name = "one more" }));
        await developer.Client.DeleteAsync($"/v1/applications/{first.Id}").Expect(204);
        await developer.Client.CreateApplicationAsync([]);
        for (var i = 0; i < 3; i++)
            await admin.CreateApplicationAsync([]); // nobody's
    }

    [Theory, BothEngines]
    public async Task A10_applications_that_are_transferred_count_for_who_gets_them(Engine engine)
    {
        var admin = await servers.AdminAsync(engine, Small);
        var heir = await admin.PersonAsync();
        var applications = new List<string>();
        for (var i = 0; i < 6; i++)
            applications.Add($"/v1/applications/{(await admin.CreateApplicationAsync([])).Id}/transfer");
        // At once, from all sides: what locks the heir first waits for nothing that another holds.
        var answers = await Task.WhenAll(applications.Select(path => admin.PostAsync(path, new { owner = heir.Id })));
        Assert.Equal(2, answers.Count(answer => answer.Status == 200));
        Assert.All(answers.Where(answer => answer.Status != 200), answer => AssertLimit(2, answer));
        var owned = applications[Array.FindIndex(answers, answer => answer.Status == 200)];
        await admin.PostAsync(owned, new { owner = heir.Id }).Expect(200); // the same once more

        var (one, two) = (await admin.PersonAsync(), await admin.PersonAsync());
        var left = applications.Where((_, i) => answers[i].Status != 200).ToArray();
        await admin.PostAsync(left[0], new { owner = one.Id }).Expect(200);
        AssertLimit(2, await admin.DeleteAsync($"/v1/users/{one.Id}?transfer_to={heir.Id}"));
        AssertLimit(2, await admin.PostAsync($"/v1/users/{heir.Id}/disable?transfer_to={one.Id}"));
        await admin.PostAsync(left[1], new { owner = two.Id }).Expect(200);
        // Each gives to the other, both at once: neither waits for the other for ever.
        var swapped = await Task.WhenAll(
            admin.PostAsync($"/v1/users/{one.Id}/disable?transfer_to={two.Id}"),
            admin.PostAsync($"/v1/users/{two.Id}/disable?transfer_to={one.Id}")
        );
        Assert.All(swapped, answer => Assert.True(answer.Status is 200 or 400, answer.Body));
        Assert.Contains(swapped, answer => answer.Status == 200);
    }

    [Theory, BothEngines]
    public async Task A10_what_had_expired_comes_back_only_where_there_is_room(Engine engine)
    {
        var admin = await servers.AdminAsync(engine, Small);
        var application = await admin.CreateApplicationAsync([]);
        var expired = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            var key = await admin.CreateApiKeyAsync(application.Id);
            await admin.PatchAsync($"/v1/api-keys/{key.Id}", new { expires_at = In(-1) }).Expect(200);
            expired.Add($"/v1/api-keys/{key.Id}");
        }

        await admin.CreateApiKeyAsync(application.Id);
        await admin.CreateApiKeyAsync(application.Id);
        await admin.PostAsync(expired[2] + "/disable").Expect(200);
        var answers = await Task.WhenAll(
            admin.PostAsync(expired[0] + "/rotate", new { overlap_seconds = 0, expires_at = (string?)null }),
            admin.PatchAsync(expired[1], new { expires_at = (string?)null }),
            admin.PatchAsync(expired[2], new { expires_at = In(3600) })
        );
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(answers.Where(answer => answer.Status != 200), answer => AssertLimit(3, answer));
        foreach (var path in expired)
            await admin.PatchAsync(path, new { name = "as it was" }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task A10_what_is_beyond_a_cap_already_works_on_and_the_host_is_not_locked_out(Engine engine)
    {
        await using var server = await StartAsync(engine);
        var admin = await server.AdminAsync();
        // The harness's own token of the first administrator is there; more come by the host's command.
        for (var i = 0; i < 3; i++)
            await (await server.AdminAsync()).GetAsync("/v1/me").Expect(200);
        var me = (await admin.GetAsync("/v1/me").Expect(200)).Text("user.id");
        AssertLimit(2, await admin.PostAsync($"/v1/users/{me}/tokens", new { name = "one more", expires_at = In(60) }));
        await admin.GetAsync("/v1/me").Expect(200);
        await admin.PostAsync("/v1/me/credential/rotate", new { overlap_seconds = 60 }).Expect(200);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("many")]
    [InlineData("100000001")]
    public async Task A10_a_cap_that_is_none_is_refused_at_start(string cap)
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var server = await ServerProcess.StartAsync(
                Engine.Sqlite,
                new ServerOptions { Settings = new Dictionary<string, string?> { ["Tokenry:Caps:CredentialsPerUser"] = cap } }
            );
        });
        Assert.Contains("Tokenry:Caps:CredentialsPerUser", refusal.Message, StringComparison.Ordinal);
    }

    private static void AssertLimit(int limit, ApiResponse answer) =>
        Assert.Equal(limit, answer.Expect(409, "limit_reached").Json.GetProperty("limit").GetInt32());

    private static Task<ServerProcess> StartAsync(Engine engine) =>
        ServerProcess.StartAsync(
            engine,
            new ServerOptions
            {
                Settings = Small.ToDictionary(setting => setting.Key, setting => (string?)setting.Value, StringComparer.Ordinal),
            }
        );
}
