using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Features.SigningKeys.SigningKeyLife;

namespace Tokenry.Server.Tests.Features.SigningKeys;

public sealed class RotateSigningKeyTests
{
    [Theory, BothEngines]
    public async Task A_key_is_next_then_active_then_retired_then_removed(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine, Short());
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var first = await admin.ActiveAsync();
        var old = await server.Client().AccessTokenAsync(made.Client());
        Assert.Equal("public, max-age=1", (await server.Client().GetAsync("/.well-known/jwks.json")).Header("Cache-Control"));

        var next = await admin.RotateAsync().Expect(200);
        var second = next.Text("id");
        Assert.Equal("next", next.Text("state"));
        Assert.Equal(PublishAhead, next.Time("activates_at") - next.Time("created_at"));
        Assert.Equal([first, second], await server.Client().PublishedAsync());
        Assert.Equal(first, KeyId(await server.Client().AccessTokenAsync(made.Client())));
        var refused = await admin.RotateAsync().Expect(409, "signing_key_not_ready");
        Assert.Contains("was published at", refused.Text("detail"), StringComparison.Ordinal);
        Assert.Equal(first, await admin.ActiveAsync());

        await UntilAsync(async () => await admin.ActiveAsync() == second, TimeSpan.FromSeconds(5));
        var active = await admin.GetAsync($"/v1/signing-keys/{second}").Expect(200);
        Assert.True(active.Time("activated_at") >= next.Time("activates_at"));
        Assert.Null(active.Time("activates_at"));
        var retired = await admin.GetAsync($"/v1/signing-keys/{first}").Expect(200);
        Assert.Equal("retired", retired.Text("state"));
        Assert.Equal(RetiredKept, retired.Time("removes_at") - retired.Time("retired_at"));
        // Whoever asks for the set has the server look at the store; until then, for a moment, the first may still sign.
        Assert.Equal([first, second], await server.Client().PublishedAsync());
        Assert.Equal(second, KeyId(await server.Client().AccessTokenAsync(made.Client())));
        Assert.Equal("valid", await admin.VerifyAsync(old, made.Api.Identifier));

        await UntilAsync(async () => await admin.StateAsync(first) == "removed", TimeSpan.FromSeconds(8));
        Assert.Equal([second], await server.Client().PublishedAsync());
        Assert.Equal("unknown", await admin.VerifyAsync(old, made.Api.Identifier));
        Assert.Equal(["signing_key.retired", "signing_key.removed"], await admin.ActionsAsync(first));
        Assert.Equal(["signing_key.created", "signing_key.rotated", "signing_key.activated"], await admin.ActionsAsync(second));

        // The record stays, and a restart finds the same.
        await server.RestartAsync();
        Assert.Equal([second], await server.Client().PublishedAsync());
        var gone = await admin.GetAsync($"/v1/signing-keys/{first}").Expect(200);
        Assert.NotNull(gone.Time("ended_at"));
    }

    [Theory, BothEngines]
    public async Task Immediately_does_not_wait_for_verifiers(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine, Short());
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Api(_ => new { access_token_signing_alg = "RS256" }, "a").ClientSecret().CreateAsync();
        foreach (var algorithm in new[] { "ES256", "RS256" })
        {
            var first = await admin.ActiveAsync(algorithm);
            var second = await admin.RotateAsync(algorithm, immediately: true).Expect(200);
            Assert.Equal(("active", algorithm), (second.Text("state"), second.Text("algorithm")));
            Assert.Equal("retired", await admin.StateAsync(first));

            var next = await admin.RotateAsync(algorithm, immediately: false).Expect(200);
            Assert.Equal("next", next.Text("state"));
            Assert.Equal("active", (await admin.RotateAsync(algorithm, immediately: true).Expect(200)).Text("state"));
            Assert.Equal(next.Text("id"), await admin.ActiveAsync(algorithm));
        }

        Assert.Equal(await admin.ActiveAsync("RS256"), KeyId(await server.Client().AccessTokenAsync(made.Client())));
    }

    [Theory, BothEngines]
    public async Task What_cannot_be_rotated_is_told_so(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine, Short());
        var admin = await server.AdminAsync();
        await admin.RotateAsync("PS256").Expect(400, "invalid_request");
        await admin.RotateAsync("none").Expect(400, "invalid_request");
        var unused = await admin.RotateAsync("RS256").Expect(400, "invalid_request");
        Assert.Contains("no API resource uses it", unused.Body, StringComparison.Ordinal);
        await admin.PostAsync("/v1/signing-keys/rotate", "{}").Expect(400, "invalid_request");
        await admin.GetAsync("/v1/signing-keys/none").Expect(404, "not_found");
        await admin.GetAsync("/v1/signing-keys?state=other").Expect(400, "invalid_request");
        Assert.Single(await server.Client().PublishedAsync());
    }

    [Theory, BothEngines]
    public async Task A_repeated_request_rotates_once(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine, Short());
        var admin = await server.AdminAsync();
        var once = new Dictionary<string, string> { ["Idempotency-Key"] = "once" };
        var body = new { algorithm = "ES256", immediately = true };
        var first = await admin.PostAsync("/v1/signing-keys/rotate", body, once).Expect(200);
        var again = await admin.PostAsync("/v1/signing-keys/rotate", body, once).Expect(200);
        Assert.Equal(first.Body, again.Body);
        Assert.Equal(2, (await server.Client().PublishedAsync()).Count);
    }

    [Theory, BothEngines]
    public async Task The_list_has_every_key_page_by_page(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine, Short());
        var admin = await server.AdminAsync();
        var ids = new List<string> { await admin.ActiveAsync() };
        for (var i = 0; i < 4; i++)
            ids.Add((await admin.RotateAsync(immediately: true).Expect(200)).Text("id"));

        var seen = new List<string>();
        for (string? cursor = ""; cursor is not null; )
        {
            var page = (await admin.GetAsync($"/v1/signing-keys?limit=2{(cursor.Length > 0 ? "&cursor=" + cursor : "")}").Expect(200)).Json;
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page.GetProperty("next_cursor").GetString();
        }

        Assert.Equal(ids, seen);
    }

    /// <summary>However many rotate at once, at two servers: none fails, each algorithm has one key, and every token stays good.</summary>
    [Theory, BothEngines]
    public async Task Rotations_at_the_same_time_leave_one_active_key(Engine engine)
    {
        await using var one = await ServerProcess.StartAsync(engine, Short());
        await using var two = engine == Engine.Postgres ? await one.StartReplicaAsync() : null;
        var admin = await one.AdminAsync();
        ApiClient[] doors = two is null ? [admin] : [admin, admin.At(two.Address)];
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(n => doors[n % doors.Length].RotateAsync(immediately: true)));
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 409, answer.Body));
        Assert.Contains(answers, answer => answer.Status == 200);
        var active = await admin.ActiveAsync();
        foreach (var door in doors)
        {
            await UntilAsync(async () => KeyId(await door.With(null).AccessTokenAsync(made.Client())) == active, TimeSpan.FromSeconds(1));
            Assert.Equal("valid", await doors[0].VerifyAsync(await door.With(null).AccessTokenAsync(made.Client()), made.Api.Identifier));
        }
    }
}
