namespace Tokenry.Server.Tests.Features.SignIn;

/// <summary>What an attacker tries against the second factor: replay, other people's codes, stolen steps, guesses, old sessions.</summary>
public sealed class SecondFactorAttackTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_code_is_good_once_even_on_another_replica_and_after_a_restart(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await using var replica = engine == Engine.Postgres ? await server.StartReplicaAsync() : null;
        var admin = await server.AdminAsync();
        var user = await admin.CreateUserAsync([]);
        var factor = await (await admin.BrowserOfAsync(user.Id)).EnrolAsync();
        var used = factor.App.Code(1);
        var first = await StepAsync(server.Address, user.Email);
        var second = await StepAsync(replica?.Address ?? server.Address, user.Email);
        (await first.EnterCodeAsync(used)).Expect(303);
        (await second.EnterCodeAsync(used)).Expect(422);
        Assert.Null(second.Session);
        await server.RestartAsync();
        (await (await StepAsync(server.Address, user.Email)).EnterCodeAsync(used)).Expect(422);
        (await (await StepAsync(server.Address, user.Email)).EnterCodeAsync(factor.RecoveryCodes[0])).Expect(303);
    }

    [Theory, BothEngines]
    public async Task Of_many_uses_of_one_code_at_once_one_works(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await using var replica = engine == Engine.Postgres ? await server.StartReplicaAsync() : null;
        var admin = await server.AdminAsync();
        foreach (var isRecovery in new[] { false, true })
        {
            var user = await admin.CreateUserAsync([]);
            var factor = await (await admin.BrowserOfAsync(user.Id)).EnrolAsync();
            var code = isRecovery ? factor.RecoveryCodes[0] : factor.App.Code(1);
            var step = await StepAsync(server.Address, user.Email);
            var fields = await step.HiddenAsync("/sign-in/code", "/sign-in/code");
            var answers = await Task.WhenAll(
                Enumerable
                    .Range(0, 64)
                    .Select(n => CopyAt(step, n % 2 == 0 ? server.Address : replica?.Address ?? server.Address))
                    .Select(browser => browser.PostAsync("/sign-in/code", [.. fields, ("code", code)]))
            );
            var begun = answers.Count(answer => answer.Header("Location") == "/overview");
            Assert.True(begun == 1, string.Join(' ', answers.Select(answer => answer.Status)));
            Assert.All(answers, answer => Assert.Contains(answer.Status, new[] { 303, 422, 429 }));
        }
    }

    [Theory, BothEngines]
    public async Task A_code_without_the_password_and_a_code_of_another_person_open_nothing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (ada, bob) = (await admin.CreateUserAsync([]), await admin.CreateUserAsync([]));
        var ofAda = await (await admin.BrowserOfAsync(ada.Id)).EnrolAsync();
        var ofBob = await (await admin.BrowserOfAsync(bob.Id)).EnrolAsync();
        var stranger = new Browser(admin.Address);
        var fields = await stranger.HiddenAsync("/sign-in", "/sign-in");
        foreach (var cookie in new[] { null, "garbage", new string('A', 43) })
        {
            if (cookie is not null)
                stranger.Cookies["__Host-tokenry-code"] = cookie;
            var answer = (await stranger.PostAsync("/sign-in/code", [.. fields, ("code", ofAda.App.Code(1))])).Expect(303);
            Assert.StartsWith("/sign-in?return=", answer.Header("Location"), StringComparison.Ordinal);
            Assert.Null(stranger.Session);
            (await stranger.GetAsync("/sign-in/code")).Expect(303);
        }

        var step = await StepAsync(admin.Address, ada.Email);
        (await step.EnterCodeAsync(ofBob.App.Code(1))).Expect(422);
        (await step.EnterCodeAsync(ofBob.RecoveryCodes[0])).Expect(422);
        Assert.Null(step.Session);
        (await step.EnterCodeAsync(ofAda.RecoveryCodes[0])).Expect(303);
        (await (await StepAsync(admin.Address, bob.Email)).EnterCodeAsync(ofBob.RecoveryCodes[0])).Expect(303);
    }

    [Theory, BothEngines]
    public async Task A_stolen_second_step_ends_with_the_password_the_person_and_the_sessions(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        var factor = await browser.EnrolAsync();
        var codes = new Queue<string>(factor.RecoveryCodes);
        const string changed = "other words than before";

        var stolen = (await StepAsync(admin.Address, user.Email)).Copy();
        (await browser.SubmitAsync("/account/security", "/account/security/password", [("password", changed), ("again", changed)])).Expect(
            303
        );
        await OverAsync(stolen);

        stolen = await StepAsync(admin.Address, user.Email, changed);
        await admin.PostAsync($"/v1/users/{user.Id}/disable").Expect(200);
        await OverAsync(stolen);
        await admin.PostAsync($"/v1/users/{user.Id}/enable").Expect(200);
        await OverAsync(stolen);

        stolen = await StepAsync(admin.Address, user.Email, changed);
        await admin.DeleteAsync($"/v1/users/{user.Id}/sessions").Expect(204);
        await OverAsync(stolen);

        stolen = await StepAsync(admin.Address, user.Email, changed);
        await admin.PatchAsync($"/v1/users/{user.Id}", new { password = (string?)null }).Expect(200);
        await OverAsync(stolen);

        var set = new Browser(admin.Address);
        (await set.SetPasswordAsync(await admin.SignInLinkAsync(user.Id), SigningIn.Password)).Expect(303);
        var used = set.Copy();
        (await set.EnterCodeAsync(codes.Dequeue())).Expect(303);
        await OverAsync(used); // the same step again, with another good code

        stolen = await StepAsync(admin.Address, user.Email);
        await admin.DeleteAsync($"/v1/users/{user.Id}/second-factor").Expect(204);
        await OverAsync(stolen);

        codes = new((await (await admin.BrowserOfAsync(user.Id)).EnrolAsync()).RecoveryCodes);
        stolen = await StepAsync(admin.Address, user.Email);
        await admin.DeleteAsync($"/v1/users/{user.Id}").Expect(204);
        await OverAsync(stolen);

        async Task OverAsync(Browser thief)
        {
            var tries = thief.Copy();
            var token = await tries.HiddenAsync("/sign-in", "/sign-in");
            var answer = (await tries.PostAsync("/sign-in/code", [.. token, ("code", codes.Peek())])).Expect(303);
            Assert.StartsWith("/sign-in?return=", answer.Header("Location"), StringComparison.Ordinal);
            Assert.Null(tries.Session);
        }
    }

    [Theory, BothEngines]
    public async Task Guesses_are_counted_on_all_replicas_and_do_not_keep_the_person_out(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await using var replica = engine == Engine.Postgres ? await server.StartReplicaAsync() : null;
        var admin = await server.AdminAsync();
        var user = await admin.CreateUserAsync([]);
        var factor = await (await admin.BrowserOfAsync(user.Id)).EnrolAsync();
        string[] addresses = [server.Address, replica?.Address ?? server.Address];
        var steps = new[] { await StepAsync(addresses[0], user.Email), await StepAsync(addresses[1], user.Email) };
        var statuses = new List<int>();
        for (var guess = 0; guess < 7; guess++)
            statuses.Add((await steps[guess % 2].EnterCodeAsync(factor.App.WrongCode())).Status);
        Assert.Equal([422, 422, 422, 422, 422, 429, 429], statuses);

        var right = await steps[0].EnterCodeAsync(factor.App.Code(1));
        Assert.Contains("There were too many wrong codes.", right.Expect(429).Body, StringComparison.Ordinal);
        Assert.Null(steps[0].Session);
        (await steps[1].EnterCodeAsync(factor.RecoveryCodes[0])).Expect(303);
    }

    [Theory, BothEngines]
    public async Task A_step_expires_and_the_wait_after_guesses_ends(Engine engine)
    {
        await using var server = await Contracts.InProcessServer.StartAsync(engine);
        var admin = server.Admin;
        var user = await admin.CreateUserAsync([]);
        var factor = await (await admin.BrowserOfAsync(user.Id)).EnrolAsync();
        var step = await StepAsync(admin.Address, user.Email);
        await server.Database.WriteAsync(tx => tx.ExecuteAsync("UPDATE second_steps SET expires_at = 1"));
        (await step.GetAsync("/sign-in/code")).Expect(303);

        step = await StepAsync(admin.Address, user.Email);
        for (var guess = 0; guess < 5; guess++)
            (await step.EnterCodeAsync(factor.App.WrongCode())).Expect(422);
        (await step.EnterCodeAsync(factor.App.Code(1))).Expect(429);
        await server.Database.WriteAsync(tx => tx.ExecuteAsync("UPDATE second_factors SET next_try_at = 1"));
        (await step.EnterCodeAsync(factor.App.Code(1))).Expect(303);
        var left = await server.Database.WriteAsync(tx => tx.FirstOrDefaultAsync<long>("SELECT failures FROM second_factors"));
        Assert.Equal(0, left);
    }

    [Theory, BothEngines]
    public async Task Nothing_is_turned_on_without_a_code_of_the_shown_key(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        (await browser.ConfirmEnrolmentAsync("123456")).Expect(303); // nothing was started
        var old = await browser.StartEnrolmentAsync();
        var app = await browser.StartEnrolmentAsync();
        Assert.NotEqual(old.Code(), app.Code());
        foreach (
            var code in new[]
            {
                "",
                "12345",
                "1234567",
                "abcdef",
                "aaaa-bbbb-cccc-dddd",
                "１２３４５６",
                app.WrongCode(),
                old.Code(),
                new string('1', 5000),
            }
        )
        {
            var refused = await browser.ConfirmEnrolmentAsync(code);
            Assert.Contains(refused.Status, new[] { 422, 429 });
            Assert.Contains("<code id=\"key\"", refused.Body, StringComparison.Ordinal); // the same key, to try again
        }

        Assert.Equal("/overview", (await new Browser(admin.Address).SignInAsync(user.Email)).Header("Location"));
        Assert.False((await admin.GetAsync($"/v1/users/{user.Id}").Expect(200)).Json.GetProperty("second_factor").GetBoolean());
        await browser.EnrolAsync();
        (await browser.SubmitAsync("/account/security", "/sign-out", [])).Expect(303);
    }

    [Theory, BothEngines]
    public async Task A_session_without_a_fresh_proof_changes_nothing_and_the_proof_needs_both(Engine engine)
    {
        await using var server = await Contracts.InProcessServer.StartAsync(engine);
        var admin = server.Admin;
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        await AgeAsync();
        string[] starts = ["", "/confirm"];
        foreach (var form in starts)
            await LeadsToProofAsync(form);
        (await browser.SubmitAsync("/sign-in/confirm", "/sign-in/confirm", [("password", SigningIn.Password)])).Expect(303);
        var factor = await browser.EnrolAsync();

        await AgeAsync();
        foreach (var form in new[] { "/off", "/recovery-codes" })
            await LeadsToProofAsync(form);
        const string changed = "other words than before";
        var own = await browser.HiddenAsync("/account/security", "/sign-out");
        var refused = await browser.PostAsync(
            "/account/security/password",
            [.. own, ("old", SigningIn.Password), ("password", changed), ("again", changed)]
        );
        Assert.StartsWith("/sign-in/confirm", refused.Expect(303).Header("Location"), StringComparison.Ordinal);
        Assert.True((await admin.GetAsync($"/v1/users/{user.Id}").Expect(200)).Json.GetProperty("second_factor").GetBoolean());

        foreach (var code in new[] { "", factor.App.WrongCode(), factor.FirstCode })
            (await ConfirmAsync(SigningIn.Password, code)).Expect(422);
        (await ConfirmAsync("not the password at all", factor.App.Code(1))).Expect(422);
        var before = browser.Copy();
        (await ConfirmAsync(SigningIn.Password, factor.App.Code(1))).Expect(303);
        (await before.GetAsync("/account/security")).Expect(303); // a new id
        (await browser.SubmitAsync("/account/security", "/account/security/second-factor/off", [])).Expect(303);
        Assert.Equal("/overview", (await new Browser(admin.Address).SignInAsync(user.Email)).Header("Location"));

        Task<ApiResponse> ConfirmAsync(string password, string code) =>
            browser.SubmitAsync("/sign-in/confirm", "/sign-in/confirm", [("password", password), ("code", code)]);

        async Task LeadsToProofAsync(string form)
        {
            var token = await browser.HiddenAsync("/account/security", "/sign-out");
            var answer = await browser.PostAsync($"/account/security/second-factor{form}", [.. token, ("code", "123456")]);
            Assert.Equal((form, 303), (form, answer.Status));
            Assert.StartsWith("/sign-in/confirm", answer.Header("Location"), StringComparison.Ordinal);
        }

        Task AgeAsync() =>
            server.Database.WriteAsync(tx =>
            {
                var id = "ses_" + browser.Session![..22];
                tx.Changed("session", id);
                return tx.ExecuteAsync("UPDATE sessions SET authenticated_at = authenticated_at - 600000 WHERE id = @id", new { id });
            });
    }

    /// <summary>A browser in which the password was right.</summary>
    private static async Task<Browser> StepAsync(string address, string email, string password = SigningIn.Password)
    {
        var browser = new Browser(address);
        var asked = (await browser.SignInAsync(email, password)).Expect(303);
        Assert.StartsWith("/sign-in/code", asked.Header("Location"), StringComparison.Ordinal);
        return browser;
    }

    private static Browser CopyAt(Browser browser, string address)
    {
        var copy = new Browser(address);
        foreach (var (name, value) in browser.Cookies)
            copy.Cookies[name] = value;
        return copy;
    }
}
