using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Features.SigningKeys.SigningKeyLife;

namespace Tokenry.Server.Tests.Features.SigningKeys;

public sealed class TaintSigningKeyTests
{
    [Theory, BothEngines]
    public async Task What_a_tainted_key_signed_is_refused_at_once_at_every_door(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine, Short());
        var admin = await server.AdminAsync();
        var doors = await Doors.ArrangeAsync(admin);
        var first = await admin.ActiveAsync();
        var token = await doors.NewTokenAsync();
        await doors.ExpectGoodAsync(token);
        await doors.ExpectGoodAsync(token); // known now, and not verified again
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var atProxy = admin.With(await server.Client().AccessTokenAsync(made.Client()));
        var forwardAuth = $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}";
        await atProxy.GetAsync(forwardAuth).Expect(200);

        var tainted = await admin.TaintAsync(first).Expect(200);
        Assert.Equal("tainted", tainted.Text("state"));
        Assert.NotNull(tainted.Time("ended_at"));
        await doors.ExpectRefusedAsync(token, "unknown");
        await atProxy.GetAsync(forwardAuth).Expect(401);

        // There was no next one: a new key took its place at once.
        var second = await admin.ActiveAsync();
        Assert.Equal([second], await server.Client().PublishedAsync());
        var fresh = await doors.NewTokenAsync();
        Assert.Equal(second, KeyId(fresh));
        await doors.ExpectGoodAsync(fresh);
        Assert.Equal(["signing_key.tainted"], await admin.ActionsAsync(first));
        Assert.Equal(["signing_key.created", "signing_key.activated"], await admin.ActionsAsync(second));
        var entry = (await admin.GetAsync($"/v1/audit?target={first}").Expect(200)).Json.GetProperty("items")[0];
        Assert.Equal("found in a log", entry.GetProperty("reason").GetString());

        await server.RestartAsync();
        await doors.ExpectRefusedAsync(token, "unknown");
        await doors.ExpectGoodAsync(fresh);
    }

    [Theory, BothEngines]
    public async Task The_next_key_takes_the_place_of_a_tainted_one(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine, Short());
        var admin = await server.AdminAsync();
        var first = await admin.ActiveAsync();
        var next = (await admin.RotateAsync().Expect(200)).Text("id");
        await admin.TaintAsync(first).Expect(200);
        Assert.Equal(next, await admin.ActiveAsync());

        // One that does not sign goes alone; tainted again, it stays so.
        var another = (await admin.RotateAsync().Expect(200)).Text("id");
        await admin.TaintAsync(another).Expect(200);
        Assert.Equal("tainted", (await admin.TaintAsync(another).Expect(200)).Text("state"));
        Assert.Equal(next, await admin.ActiveAsync());
        Assert.Equal([next], await server.Client().PublishedAsync());

        // And a retired one takes its tokens with it.
        var doors = await Doors.ArrangeAsync(admin);
        var token = await doors.NewTokenAsync();
        await admin.RotateAsync(immediately: true).Expect(200);
        await doors.ExpectGoodAsync(token);
        await admin.TaintAsync(next).Expect(200);
        await doors.ExpectRefusedAsync(token, "unknown");
    }

    [Theory, BothEngines]
    public async Task An_RSA_key_is_replaced_too(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine, Short());
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Api(_ => new { access_token_signing_alg = "RS256" }, "a").ClientSecret().CreateAsync();
        var token = await server.Client().AccessTokenAsync(made.Client());
        await admin.TaintAsync(KeyId(token)).Expect(200);
        Assert.Equal("unknown", await admin.VerifyAsync(token, made.Api.Identifier));
        var fresh = await server.Client().AccessTokenAsync(made.Client());
        Assert.Equal(await admin.ActiveAsync("RS256"), KeyId(fresh));
        Assert.Equal("valid", await admin.VerifyAsync(fresh, made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task A_reason_is_asked_for(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine, Short());
        var admin = await server.AdminAsync();
        var path = $"/v1/signing-keys/{await admin.ActiveAsync()}/taint";
        await admin.PostAsync(path, "{}").Expect(400, "invalid_request");
        await admin.PostAsync(path, new { reason = " " }).Expect(400, "invalid_request");
        await admin.PostAsync(path, new { reason = new string('x', 201) }).Expect(400, "invalid_request");
        await admin.PostAsync("/v1/signing-keys/none/taint", new { reason = "x" }).Expect(404, "not_found");
        Assert.Single(await server.Client().PublishedAsync());
    }

    [Fact]
    public async Task The_other_replica_refuses_it_within_a_second()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Postgres, Short());
        await using var two = await one.StartReplicaAsync();
        var here = await one.AdminAsync();
        var there = here.At(two.Address);
        var made = await Scenario.On(here).ClientSecret().CreateAsync();
        for (var round = 0; round < 5; round++)
        {
            var token = await two.Client().AccessTokenAsync(made.Client());
            Assert.Equal("valid", await there.VerifyAsync(token, made.Api.Identifier));
            await here.TaintAsync(KeyId(token)).Expect(200);
            Assert.Equal("unknown", await here.VerifyAsync(token, made.Api.Identifier));
            await UntilAsync(async () => await there.VerifyAsync(token, made.Api.Identifier) == "unknown", TimeSpan.FromSeconds(1));
            await UntilAsync(
                async () => KeyId(await two.Client().AccessTokenAsync(made.Client())) != KeyId(token),
                TimeSpan.FromSeconds(1)
            );
        }
    }
}
