using static Tokenry.Server.Tests.Foundation.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Foundation.Principals;

/// <summary>How many credentials and applications a principal may have (issue 13, A10).</summary>
public sealed class CapsTests
{
    [Theory, BothEngines]
    public async Task A10_one_credential_too_many_is_refused_until_another_is_revoked_or_expires(Engine engine)
    {
        await using var server = await StartAsync(engine);
        var admin = await server.AdminAsync();
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
        await using var server = await StartAsync(engine);
        var admin = await server.AdminAsync();
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
        await using var server = await StartAsync(engine);
        var admin = await server.AdminAsync();
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
                Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["Tokenry:Caps:CredentialsPerApplication"] = "3",
                    ["Tokenry:Caps:CredentialsPerUser"] = "2",
                    ["Tokenry:Caps:ApplicationsPerOwner"] = "2",
                },
            }
        );
}
