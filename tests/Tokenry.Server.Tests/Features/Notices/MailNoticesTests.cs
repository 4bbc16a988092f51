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
        var series = 0;
        // On a busy machine the mail may be sent between two of them: then another series.
        while (!sink.Mails.Any(mail => mail.Contains("3 notices about your credentials", StringComparison.Ordinal)))
        {
            Assert.True(++series <= 10, $"{sink.Mails.Count} mails, and none for a whole series");
            await ExpectMailAsync(admin, sink);
        }

        Assert.InRange(sink.Mails.Count, series, 3 * series);
    }

    /// <summary>Revokes three tokens of a new person and waits until mails name all of them.</summary>
    private static async Task ExpectMailAsync(ApiClient admin, MailSink sink)
    {
        var made = await Scenario
            .On(admin)
            .Api("a")
            .Role()
            .User()
            .PersonalAccessToken()
            .PersonalAccessToken()
            .PersonalAccessToken()
            .CreateAsync();
        await Task.WhenAll(
            made.PersonalAccessTokens.Select(token => admin.DeleteAsync($"/v1/tokens/{token.Id}?reason=tidying").Expect(204))
        );
        var addresses = made.PersonalAccessTokens.Select(token => $"{admin.Address}/account/tokens/{token.Id}").ToList();
        await EventuallyAsync(
            () =>
                Task.FromResult(addresses.TrueForAll(address => sink.Mails.Any(mail => mail.Contains(address, StringComparison.Ordinal)))),
            "mails that name all three"
        );
        var mails = sink.Mails.Where(mail => mail.Contains($"<{made.User.Email}>", StringComparison.Ordinal)).ToList();
        Assert.All(mails, mail => Assert.Contains("was revoked: tidying", mail, StringComparison.Ordinal));
        Assert.All(
            mails,
            mail => Assert.All(made.PersonalAccessTokens, token => Assert.DoesNotContain(token.Secret, mail, StringComparison.Ordinal))
        );
        Assert.NotEmpty(mails);
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
