using System.Text.Json;

namespace Tokenry.Server.Tests.Features.SignIn;

/// <summary>What an attacker tries against passkeys: foreign origins, replay, other people's keys, copies, old challenges.</summary>
public sealed class PasskeyAttackTests(SharedServers servers)
{
    private static readonly (string Why, PasskeyTwist Twist)[] Wrong =
    [
        ("the signature is broken", new() { BreaksSignature = true }),
        ("the origin is another site", new() { Origin = "https://evil.example.com" }),
        ("the origin is another port", new() { Origin = "http://localhost:1" }),
        ("the origin is the bare address", new() { Origin = "http://127.0.0.1:7600" }),
        ("a frame of another site", new() { IsCrossOrigin = true }),
        ("the host is another", new() { RpId = "evil.example.com" }),
        ("the person was not verified", new() { WithoutVerification = true }),
        ("no person was present", new() { WithoutPresence = true }),
        ("the answer is for making one", new() { Type = "webauthn.create" }),
        ("the challenge is another", new() { Challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }),
        ("there is no user handle", new() { UserHandle = "" }),
        ("the user handle is garbage", new() { UserHandle = "usr_garbage" }),
    ];

    [Theory, BothEngines]
    public async Task A_wrong_answer_opens_nothing(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine); // failed attempts count by network
        var admin = (await server.AdminAsync()).AtName();
        var (ada, bob) = (await admin.CreateUserAsync([]), await admin.CreateUserAsync([]));
        var (ofAda, authenticator) = await admin.WithPasskeyAsync(ada.Id);
        using var held = authenticator;
        var (_, ofBob) = await admin.WithPasskeyAsync(bob.Id);
        using var heldOfBob = ofBob;
        (string, PasskeyTwist)[] all = [.. Wrong, ("the user handle is another person's", new() { UserHandle = bob.Id })];
        foreach (var (why, twist) in all)
        {
            var browser = new Browser(admin.Address);
            var refused = await browser.SignInAsync(authenticator, twist);
            Assert.True(refused.Status == 422, $"{why}: {refused.Status}");
            Assert.Contains("The passkey was not accepted.", refused.Body, StringComparison.Ordinal);
            Assert.Null(browser.Session);
            var kept = await ofAda.ConfirmAsync(authenticator, twist);
            Assert.True(kept.Status == 422 || why == "there is no user handle", $"confirm, {why}: {kept.Status}"); // optional there: WebAuthn §7.2
        }

        (await ofAda.ConfirmAsync(ofBob)).Expect(422); // a good key of another person
        (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(303);
    }

    [Theory, BothEngines]
    public async Task A_wrong_answer_makes_none(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine); // failed attempts count by network
        var admin = (await server.AdminAsync()).AtName();
        var user = await admin.CreateUserAsync([]);
        var browser = await admin.BrowserOfAsync(user.Id);
        using var authenticator = new PasskeyAuthenticator(browser.Address);
        foreach (var (why, twist) in Wrong.Where(wrong => wrong.Twist is { BreaksSignature: false, UserHandle: null }))
        {
            var form = await browser.BeginPasskeyAsync("/account/security", "/account/security/passkeys");
            var answer = authenticator.Make(form.Options, twist.Type is null ? twist : twist with { Type = "webauthn.get" });
            var refused = await browser.SendAsync(form, answer, ("name", "mine"));
            Assert.True(refused.Status == 422, $"{why}: {refused.Status}");
        }

        var begun = await browser.BeginPasskeyAsync("/account/security", "/account/security/passkeys");
        foreach (
            var garbage in new[]
            {
                "",
                "null",
                "[]",
                "{}",
                "{\"id\":1}",
                """{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}""",
                new string('[', 2000),
                new string('A', 30_000),
            }
        )
        {
            (await browser.SendAsync(begun, garbage, ("name", "mine"))).Expect(422);
            var stranger = new Browser(admin.Address);
            var form = await stranger.BeginPasskeyAsync("/sign-in", "/sign-in/passkey");
            (await stranger.SendAsync(form, garbage)).Expect(422);
        }

        Assert.Equal(0, await PasskeyTests.CountAsync(admin, user.Id));
        var (_, known) = await admin.WithPasskeyAsync((await admin.CreateUserAsync([])).Id);
        using var same = new PasskeyAuthenticator(browser.Address) { CredentialId = known.CredentialId };
        known.Dispose();
        (await browser.AddPasskeyAsync(same)).Expect(422); // another person's credential id
        Assert.Equal(0, await PasskeyTests.CountAsync(admin, user.Id));
    }

    [Theory, BothEngines]
    public async Task An_answer_counts_once_on_every_replica_and_after_a_restart(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await using var replica =
            engine == Engine.Postgres
                ? await ServerProcess.StartAsync(
                    engine,
                    new ServerOptions
                    {
                        ConnectionString = server.ConnectionString,
                        Settings = new Dictionary<string, string?>
                        {
                            ["Tokenry:KeyFile"] = Path.Combine(server.DataDirectory, "tokenry.keys"),
                            ["Tokenry:Issuer"] = server.Address,
                        },
                    }
                )
                : null;
        var admin = (await server.AdminAsync()).AtName();
        var user = await admin.CreateUserAsync([]);
        var (_, authenticator) = await admin.WithPasskeyAsync(user.Id, counter: 0); // no counter gives a replay away
        using var held = authenticator;

        var browser = new Browser(admin.Address);
        var form = await browser.BeginPasskeyAsync("/sign-in", "/sign-in/passkey");
        await server.RestartAsync();
        var answer = authenticator.Use(form.Options);
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 32)
                .Select(n => CopyAt(browser, n % 2 == 0 ? server.Address : replica?.Address ?? server.Address).SendAsync(form, answer))
        );
        Assert.Equal(1, answers.Count(one => one.Header("Location") == "/overview"));
        Assert.All(answers, one => Assert.Contains(one.Status, new[] { 303, 422, 429 }));
        await server.RestartAsync();
        (await browser.Copy().SendAsync(form, answer)).Expect(422);
    }

    [Theory, BothEngines]
    public async Task A_challenge_is_of_one_browser_one_session_and_one_purpose(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine); // failed attempts count by network
        var admin = (await server.AdminAsync()).AtName();
        var user = await admin.CreateUserAsync([]);
        var (browser, authenticator) = await admin.WithPasskeyAsync(user.Id);
        using var held = authenticator;
        var mine = new Browser(admin.Address);
        var form = await mine.BeginPasskeyAsync("/sign-in", "/sign-in/passkey");
        var other = new Browser(admin.Address);
        var ofOther = await other.BeginPasskeyAsync("/sign-in", "/sign-in/passkey");
        var stolen = ofOther with { Begun = form.Begun };
        (await other.SendAsync(stolen, authenticator.Use(form.Options))).Expect(422);
        Assert.Null(other.Session);
        mine.Cookies.Remove("__Host-tokenry-browser");
        (await mine.SendAsync(form, authenticator.Use(form.Options))).Expect(422);

        // What was asked to confirm does not sign in, and the reverse.
        var confirm = await browser.BeginPasskeyAsync("/sign-in/confirm", "/sign-in/confirm/passkey");
        var signIn = await other.BeginPasskeyAsync("/sign-in", "/sign-in/passkey");
        (await other.SendAsync(signIn with { Begun = confirm.Begun }, authenticator.Use(confirm.Options))).Expect(422);
        (await browser.SendAsync(confirm with { Begun = signIn.Begun }, authenticator.Use(signIn.Options))).Expect(422);
        foreach (var garbage in new[] { "", "garbage", "AAAA", form.Begun.Text("challenge")[..^4] + "AAAA", new string('A', 5000) })
        {
            var fields = signIn.Fields.Append(("challenge", garbage)).Append(("credential", authenticator.Use(signIn.Options)));
            (await other.PostAsync("/sign-in/passkey", fields)).Expect(422);
        }

        (await other.SendAsync(signIn, authenticator.Use(signIn.Options))).Expect(303);
    }

    [Theory, BothEngines]
    public async Task A_copy_is_noticed_by_its_counter(Engine engine)
    {
        var admin = (await servers.AdminAsync(engine)).AtName();
        var user = await admin.CreateUserAsync([]);
        var (browser, authenticator) = await admin.WithPasskeyAsync(user.Id);
        using var held = authenticator;
        (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(303);
        foreach (var counter in new uint[] { 1, 2 })
        {
            authenticator.Counter = counter;
            (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(422);
        }

        authenticator.Counter = 1;
        (await browser.ConfirmAsync(authenticator)).Expect(422);
        authenticator.Counter = 0;
        (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(422);
        var events = (await admin.GetAsync($"/v1/audit?action=passkey.counter_went_back&target={user.Id}").Expect(200)).Json.GetProperty(
            "items"
        );
        Assert.Equal(4, events.GetArrayLength());
        var listed = Assert.Single(await PasskeyTests.ListAsync(admin, user.Id));
        Assert.NotEqual(JsonValueKind.Null, listed.GetProperty("suspected_at").ValueKind);
        Assert.Contains("its counter went back", (await browser.GetAsync("/account/security")).Body, StringComparison.Ordinal);
        authenticator.Counter = 3;
        (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(303);
    }

    [Theory, BothEngines]
    public async Task A_disabled_and_a_deleted_person_do_not_get_in_and_the_count_is_bounded(Engine engine)
    {
        var admin = (await servers.AdminAsync(engine)).AtName();
        var user = await admin.CreateUserAsync([]);
        var (browser, authenticator) = await admin.WithPasskeyAsync(user.Id);
        using var held = authenticator;
        for (var count = 1; count < 20; count++)
        {
            using var further = new PasskeyAuthenticator(browser.Address);
            (await browser.AddPasskeyAsync(further)).Expect(303);
        }

        using var last = new PasskeyAuthenticator(browser.Address);
        Assert.Contains("You have 20 passkeys", (await browser.AddPasskeyAsync(last)).Expect(409).Body, StringComparison.Ordinal);
        Assert.Equal(20, await PasskeyTests.CountAsync(admin, user.Id));
        await admin.PostAsync($"/v1/users/{user.Id}/disable").Expect(200);
        (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(422);
        await admin.PostAsync($"/v1/users/{user.Id}/enable").Expect(200);
        (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(303);
        await admin.DeleteAsync($"/v1/users/{user.Id}").Expect(204);
        (await new Browser(admin.Address).SignInAsync(authenticator)).Expect(422);
    }

    [Theory, BothEngines]
    public async Task Attempts_are_limited(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var browser = new Browser(Passkeys.Named(server.Address));
        var form = await browser.BeginPasskeyAsync("/sign-in", "/sign-in/passkey");
        var statuses = new List<int>();
        for (var attempt = 0; attempt < 75; attempt++)
            statuses.Add((await browser.SendAsync(form, "{}")).Status);
        Assert.Contains(429, statuses);
        Assert.All(statuses.Take(60), status => Assert.Equal(422, status));
    }

    private static Browser CopyAt(Browser browser, string address)
    {
        var copy = new Browser(address);
        foreach (var (name, value) in browser.Cookies)
            copy.Cookies[name] = value;
        return copy;
    }
}
