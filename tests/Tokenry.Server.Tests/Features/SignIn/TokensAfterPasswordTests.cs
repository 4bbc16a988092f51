namespace Tokenry.Server.Tests.Features.SignIn;

/// <summary>A change of the password offers the person's tokens, and touches none by itself.</summary>
public sealed class TokensAfterPasswordTests(SharedServers servers)
{
    private const string Page = "/account/security/tokens";

    [Theory, BothEngines]
    public async Task A_changed_password_offers_the_tokens_and_revokes_those_that_the_person_chooses(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var (kept, leaked) = (await admin.CreatePersonalAccessTokenAsync(user.Id), await admin.CreatePersonalAccessTokenAsync(user.Id));
        var foreign = await admin.CreatePersonalAccessTokenAsync((await admin.CreateUserAsync([])).Id);
        var browser = await admin.BrowserOfAsync(user.Id);
        const string changed = "other words than before";
        var done = await browser.SubmitAsync(
            "/account/security",
            "/account/security/password",
            [("old", SigningIn.Password), ("password", changed), ("again", changed)]
        );
        Assert.Equal(Page, done.Expect(303).Header("Location"));
        var page = (await browser.GetAsync(Page)).Expect(200).Body;
        Assert.Contains($"value=\"{kept.Id}\"", page, StringComparison.Ordinal);
        Assert.Contains($"value=\"{leaked.Id}\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain(foreign.Id, page, StringComparison.Ordinal);
        Assert.DoesNotContain("checked", page, StringComparison.Ordinal);

        (await RevokeAsync()).Expect(303);
        await WorksAsync(kept.Secret, leaked.Secret, foreign.Secret);
        (await RevokeAsync(foreign.Id)).Expect(404);
        await WorksAsync(kept.Secret, leaked.Secret, foreign.Secret);
        (await RevokeAsync(leaked.Id, leaked.Id)).Expect(303);
        await WorksAsync(kept.Secret, foreign.Secret);
        await admin.With(leaked.Secret).GetAsync("/v1/me").Expect(401);
        Assert.DoesNotContain(leaked.Id, (await browser.GetAsync(Page)).Expect(200).Body, StringComparison.Ordinal);

        async Task<ApiResponse> RevokeAsync(params string[] ids) =>
            await browser.PostAsync(
                Page + "/revoke",
                [.. await browser.HiddenAsync("/account/security", "/sign-out"), .. ids.Select(id => ("id", id))]
            );

        async Task WorksAsync(params string[] secrets)
        {
            foreach (var secret in secrets)
                await admin.With(secret).GetAsync("/v1/me").Expect(200);
        }
    }

    [Theory, BothEngines]
    public async Task A_link_for_a_lost_password_offers_them_too_and_a_first_password_does_not(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var first = await new Browser(admin.Address).SetPasswordAsync(await admin.SignInLinkAsync(user.Id), SigningIn.Password);
        Assert.Equal("/overview", first.Expect(303).Header("Location"));
        var browser = new Browser(admin.Address);
        var lost = await browser.SetPasswordAsync(await admin.SignInLinkAsync(user.Id), "other words than before");
        Assert.Equal(Page, lost.Expect(303).Header("Location"));
        Assert.Contains("no personal access tokens", (await browser.GetAsync(Page)).Expect(200).Body, StringComparison.Ordinal);
    }
}
