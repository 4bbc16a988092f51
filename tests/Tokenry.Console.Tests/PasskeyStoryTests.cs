namespace Tokenry.Console.Tests;

/// <summary>The story of a passkey, with the virtual authenticator of Chromium: add, sign in, confirm, set behind a link, remove.</summary>
public sealed class PasskeyStoryTests(SharedServers servers, Chromium chromium)
{
    [Theory, BothEngines]
    public async Task A_person_adds_a_passkey_signs_in_with_it_and_removes_it(Engine engine)
    {
        var company = await Company.FoundAsync(servers, engine);
        var person = company.Person with { Address = Passkeys.Named(company.Person.Address) };
        await using var visit = await Visit.StartAsync(chromium, person, new Look(360));
        var page = visit.Page;
        await AttachAsync(page);
        await visit.OpenAsync("account/security");
        await LooksGoodAsync(visit);
        await page.FillAsync("#name", "Ada's phone");
        await page.ClickAsync("button:has-text('Add a passkey')");
        await page.WaitForSelectorAsync("td:has-text(\"Ada's phone\")");
        await LooksGoodAsync(visit);

        // The same device again: the browser says that it has one.
        await page.ClickAsync("button:has-text('Add a passkey')");
        await page.WaitForSelectorAsync("text=This device has a passkey for you already.");
        await LooksGoodAsync(visit);

        await visit.OpenAsync("sign-in/confirm?return=/account/tokens");
        await LooksGoodAsync(visit);
        await page.ClickAsync("text=Confirm with a passkey");
        await page.WaitForURLAsync("**/account/tokens");

        // The browser offers the passkey in the field for the name, and the virtual device takes it at once: maybe before the page is loaded.
        await page.Context.ClearCookiesAsync();
        try
        {
            await visit.OpenAsync("sign-in?return=/account/tokens");
        }
        catch (PlaywrightException fault) when (fault.Message.Contains("ERR_ABORTED", StringComparison.Ordinal))
        {
            // The next page came first.
        }

        await page.WaitForURLAsync("**/account/tokens");

        await page.Context.ClearCookiesAsync();
        await page.AddInitScriptAsync("PublicKeyCredential.isConditionalMediationAvailable = async () => false");
        await visit.OpenAsync("sign-in?return=/account/security");
        await page.WaitForSelectorAsync("text=Sign in with a passkey");
        Assert.Equal("username webauthn", await page.GetAttributeAsync("#name", "autocomplete"));
        await LooksGoodAsync(visit);
        await page.ClickAsync("text=Sign in with a passkey");
        await page.WaitForURLAsync("**/account/security");

        await page.ClickAsync("summary:has-text('Rename')");
        await page.FillAsync("details[open] [name=name]", "Old phone");
        await LooksGoodAsync(visit);
        await page.ClickAsync("details[open] button");
        await page.WaitForSelectorAsync("td:has-text('Old phone')");
        await page.ClickAsync("td button.destructive");
        await page.WaitForSelectorAsync("text=With a passkey you sign in by fingerprint");
    }

    [Theory, BothEngines]
    public async Task A_new_person_sets_a_passkey_behind_the_link(Engine engine)
    {
        var admin = (await servers.AdminAsync(engine)).AtName();
        var email = $"grace-{Guid.NewGuid():N}@example.com";
        var id = (await admin.PostAsync("/v1/users", new { email, name = "Grace Hopper" })).Expect(201).Text("id");
        var link = await admin.SignInLinkAsync(id);
        await using var context = await chromium.NewAsync(new Look(360, IsDark: true));
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(15_000);
        await AttachAsync(page);
        await page.GotoAsync(admin.Address + link);
        await page.ClickAsync("text=Set a passkey instead");
        await page.WaitForURLAsync("**/overview");
        Assert.Equal(1, (await admin.GetAsync($"/v1/users/{id}").Expect(200)).Json.GetProperty("passkeys").GetInt64());
    }

    [Fact]
    public async Task A_person_who_cancels_can_try_again_and_without_a_script_the_page_says_what_is_missing()
    {
        var company = await Company.FoundAsync(servers, Engine.Sqlite);
        var person = company.Person with { Address = Passkeys.Named(company.Person.Address) };
        await using (var visit = await Visit.StartAsync(chromium, person, new Look()))
        {
            await AttachAsync(visit.Page, isVerified: false);
            await visit.OpenAsync("account/security");
            await visit.Page.ClickAsync("button:has-text('Add a passkey')");
            await visit.Page.WaitForSelectorAsync("text=No passkey was used.");
            await LooksGoodAsync(visit);
        }

        await using var plain = await Visit.StartAsync(chromium, person, new Look(), script: false);
        await plain.OpenAsync("account/security");
        Assert.False(await plain.Page.IsVisibleAsync("button:has-text('Add a passkey')"));
        Assert.True(
            await plain.Page.IsVisibleAsync("text=To add a passkey, allow JavaScript for this page, and use a browser that knows passkeys.")
        );
    }

    private static async Task AttachAsync(IPage page, bool isVerified = true)
    {
        var devtools = await page.Context.NewCDPSessionAsync(page);
        await devtools.SendAsync("WebAuthn.enable");
        await devtools.SendAsync(
            "WebAuthn.addVirtualAuthenticator",
            new()
            {
                ["options"] = new Dictionary<string, object>
                {
                    ["protocol"] = "ctap2",
                    ["transport"] = "internal",
                    ["hasResidentKey"] = true,
                    ["hasUserVerification"] = true,
                    ["isUserVerified"] = isVerified,
                    ["automaticPresenceSimulation"] = true,
                },
            }
        );
    }

    private static async Task LooksGoodAsync(Visit visit)
    {
        Assert.Empty(await visit.AxeAsync());
        Assert.True(await visit.OverflowAsync() <= 0, "the page is wider than the window");
    }
}
