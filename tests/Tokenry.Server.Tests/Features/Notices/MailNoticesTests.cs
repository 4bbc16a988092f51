using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Notices;

/// <summary>With a real mail server on this machine.</summary>
public sealed class MailNoticesTests
{
    [Theory, BothEngines]
    public async Task A_series_is_one_mail_which_names_no_secret(Engine engine)
    {
        await using var sink = new MailSink();
        await using var server = await ServerProcess.StartAsync(engine, new ServerOptions { Settings = sink.Settings() });
        var admin = await server.AdminAsync();
        var made = await Scenario
            .On(admin)
            .Api("a")
            .Role()
            .User()
            .PersonalAccessToken()
            .PersonalAccessToken()
            .PersonalAccessToken()
            .CreateAsync();
        foreach (var token in made.PersonalAccessTokens)
            await admin.DeleteAsync($"/v1/tokens/{token.Id}?reason=tidying").Expect(204);

        await EventuallyAsync(() => Task.FromResult(!sink.Mails.IsEmpty), "a mail");
        var mail = Assert.Single(sink.Mails);
        Assert.Contains($"<{made.User.Email}>", mail, StringComparison.Ordinal);
        Assert.Contains("3 notices about your credentials", mail, StringComparison.Ordinal);
        Assert.Contains("was revoked: tidying", mail, StringComparison.Ordinal);
        Assert.Contains($"{server.Address}/account/tokens/{made.PersonalAccessTokens[0].Id}", mail, StringComparison.Ordinal);
        Assert.All(made.PersonalAccessTokens, token => Assert.DoesNotContain(token.Secret, mail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mail_that_is_refused_is_sent_later()
    {
        await using var sink = new MailSink { Refusals = 1 };
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { Settings = sink.Settings() });
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Api("a").Role().User().PersonalAccessToken().CreateAsync();
        await admin.DeleteAsync($"/v1/tokens/{made.PersonalAccessToken.Id}").Expect(204);
        await EventuallyAsync(() => Task.FromResult(!sink.Mails.IsEmpty), "a mail"); // after a pause
        Assert.Equal(2, sink.Connections);
        Assert.Contains(server.StandardOutput, line => line.Contains("took no mail at attempt 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mail_server_without_TLS_gets_none_unless_the_settings_say_so()
    {
        await using var sink = new MailSink();
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { Settings = sink.Settings("starttls") });
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Api("a").Role().User().PersonalAccessToken().CreateAsync();
        await admin.DeleteAsync($"/v1/tokens/{made.PersonalAccessToken.Id}").Expect(204);
        await EventuallyAsync(
            () => Task.FromResult(server.StandardOutput.Any(line => line.Contains("took no mail", StringComparison.Ordinal))),
            "an attempt"
        );
        Assert.Empty(sink.Mails);
    }
}
