namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>C.4: our 401 and 403 alone lead a client to the token that it needs.</summary>
public sealed class StepUpTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task C4_a_client_gets_in_by_the_challenges_alone(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b", "c", "d").Role().Application().ClientSecret().CreateAsync();
        string Door(string scope) => $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}{scope}";

        // Without anything: the first challenge names the scopes of the place.
        var fresh = new StepUpClient(token => anonymous.With(token).GetAsync(Door("&scope=a&scope=b")), made.Client());
        (await fresh.RunAsync()).Expect(200);
        Assert.Equal(["a b"], fresh.Asked);

        // With too little: one 403 names all that is needed, and no second one is.
        var narrow = await anonymous.AccessTokenAsync(made.Client(), ("scope", "a"));
        var stepping = new StepUpClient(token => anonymous.With(token).GetAsync(Door("&scope=a&scope=b&scope=c")), made.Client());
        (await stepping.RunAsync(narrow)).Expect(200);
        Assert.Equal(["a b c"], stepping.Asked);

        // With one that is no good any more.
        var replaced = new StepUpClient(token => anonymous.With(token).GetAsync(Door("&scope=d")), made.Client());
        (await replaced.RunAsync("junk")).Expect(200);
        Assert.Equal(["d"], replaced.Asked);

        // At Tokenry's own API, too.
        var manager = await Scenario.On(admin).ManagementRole("users:read", "roles:read").Application().ClientSecret().CreateAsync();
        var own = new StepUpClient(token => anonymous.With(token).GetAsync("/v1/users?limit=1"), manager.Client());
        (await own.RunAsync()).Expect(200);
        var further = new StepUpClient(token => anonymous.With(token).GetAsync("/v1/roles?limit=1"), manager.Client());
        var onlyUsers = await anonymous.AccessTokenAsync(manager.Client(), ("resource", Doors.Api), ("scope", "users:read"));
        (await further.RunAsync(onlyUsers)).Expect(200);
        Assert.Equal(["roles:read"], further.Asked);
    }
}
