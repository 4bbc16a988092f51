using Tokenry.Server.Tests.Features.Organizations;
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

    [Theory, BothEngines]
    public async Task A_mail_has_the_language_that_its_person_chose_and_names_the_organization(Engine engine)
    {
        await using var sink = new MailSink();
        await using var server = await ServerProcess.StartAsync(engine, new ServerOptions { Settings = sink.Settings() });
        var admin = await server.AdminAsync();
        var organization = (await admin.PostAsync("/v1/organizations", new { name = "Acme Rotterdam" }).Expect(201)).Text("id");
        var user = await admin.CreateUserAsync([], new { password = (string?)null });
        await admin.JoinAsync(organization, user.Id, OrganizationCalls.OrganizationAdministrator).Expect(200);
        var browser = await admin.BrowserOfAsync(user.Id);
        await browser.SendAsync("overview", "appearance", ("language", "nl")).Expect(303);
        var application = await admin.ApplicationOfAsync(organization);
        await admin.CreateApiKeyAsync(application.Id, new { rotate_every_days = 1 });
        await server.RestartAsync(); // it looks for what is due at its start

        // Who made the key is told as well, in the language of the server.
        await EventuallyAsync(() => Task.FromResult(sink.Mails.Count >= 2), "two mails");
        var mail = Assert.Single(sink.Mails, mail => mail.Contains($"<{user.Email}>", StringComparison.Ordinal));
        Assert.Contains("moet vervangen worden", mail, StringComparison.Ordinal);
        Assert.Contains(sink.Mails, mail => mail.Contains("should be replaced", StringComparison.Ordinal));
        Assert.Contains(", Acme Rotterdam)", mail, StringComparison.Ordinal);
        var told = (await admin.GetAsync("/v1/audit?action=user.language_chosen").Expect(200)).Json.GetProperty("items")[0];
        Assert.Equal("nl", told.GetProperty("changes")[0].GetProperty("after").GetString());
        var due = (await admin.GetAsync($"/v1/audit?action=credential.due&organization={organization}").Expect(200)).Json;
        Assert.Equal(1, due.GetProperty("items").GetArrayLength());
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
