using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.SignIn;

public sealed class SignInOfUserPagesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task An_administrator_sees_how_a_user_signs_in_and_unlinks_after_a_confirmation(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([], new { password = (string?)null });
        var subject = CreateRequests.Unique("ada");
        await admin.PostAsync($"/v1/users/{user.Id}/linked-accounts", new { issuer = "https://login.example.com", subject }).Expect(200);
        var (_, authenticator) = await admin.WithPasskeyAsync(user.Id);
        authenticator.Dispose();
        var administrator = await admin.CreateUserAsync([Administrator], new { password = (string?)null });
        var browser = await admin.BrowserOfAsync(administrator.Id);
        var page = $"users/{user.Id}/sign-in";

        var shown = (await browser.GetAsync("/" + page).Expect(200)).Body;
        Assert.Contains(subject, shown, StringComparison.Ordinal);
        Assert.Contains("https://login.example.com", shown, StringComparison.Ordinal);
        var unlink = $"users/{user.Id}/sign-in/remove-accounts";
        Assert.Equal(422, (await browser.SendAsync(page, unlink)).Status);
        Assert.Contains(subject, (await browser.GetAsync("/" + page).Expect(200)).Body, StringComparison.Ordinal);
        await browser.SendAsync(page, unlink, ("confirm", "yes")).Expect(303);
        Assert.DoesNotContain(subject, (await browser.GetAsync("/" + page).Expect(200)).Body, StringComparison.Ordinal);

        await browser.SendAsync(page, $"users/{user.Id}/sign-in/remove-passkeys", ("confirm", "yes")).Expect(303);
        Assert.Equal(0, (await admin.GetAsync($"/v1/users/{user.Id}").Expect(200)).Json.GetProperty("passkeys").GetInt64());
        await browser.GetAsync("/users/usr_000000000000000000000A/sign-in").Expect(404);
    }
}
