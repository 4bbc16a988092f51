using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Abuse;

/// <summary>Two hundred wrong secrets a second from one address: whoever has the right one is served as before, from that address too.</summary>
public sealed class WrongSecretsTests(SharedServers servers, ITestOutputHelper output)
{
    private const double Slowdown = 2;
    private const int FewestTurns = 2;
    private const int MostTurns = 10;

    // Of two or three milliseconds a busy machine makes five or ten by itself; nobody is slowed down by that.
    private static readonly TimeSpan Unnoticed = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(Form.Rounds(1, 3));

    [Theory, BothEngines]
    public async Task At_the_token_endpoint(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        await CompareAsync(
            good: () => TokenAsync(admin, made.Application.Id, made.ClientSecret.Secret),
            bad: () => TokenAsync(admin, made.Application.Id, UnknownSecret.Of("sec")),
            "200",
            ["401", "429"]
        );
    }

    [Theory, BothEngines]
    public async Task At_me(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        await CompareAsync(
            good: async () => Traffic.Word(await admin.With(made.ApiKey.Secret).GetAsync("/v1/me")),
            bad: async () => Traffic.Word(await admin.With(UnknownSecret.Of("key")).GetAsync("/v1/me")),
            "200",
            ["401", "429"]
        );
    }

    /// <summary>
    /// Quiet and attack take turns, so that what else the machine does falls on both, and the best turn of each counts: noise only adds. A
    /// busy machine gets more turns, which find an attack that does slow others down no faster than before.
    /// </summary>
    private async Task CompareAsync(Func<Task<string>> good, Func<Task<string>> bad, string served, string[] refused)
    {
        var (quiet, attacked, attack) = (new List<TimeSpan>(), new List<TimeSpan>(), new List<Sample>());
        await MeasureAsync(good, served); // the first requests compile the server's code
        while (attacked.Count < FewestTurns || (IsSlower(attacked, quiet) && attacked.Count < MostTurns))
        {
            quiet.Add(await MeasureAsync(good, served));
            var attacking = Traffic.Start(200, bad);
            attacked.Add(await MeasureAsync(good, served));
            attack.AddRange(await attacking.StopAsync());
        }
        output.WriteLine(
            $"{attacked.Count} turns; p99 without {quiet.Min().TotalMilliseconds:0.0} ms, with {attacked.Min().TotalMilliseconds:0.0} ms; "
                + $"the attacker heard {Traffic.Count(attack)}"
        );
        Assert.All(attack, sample => Assert.Contains(sample.Outcome, refused));
        Assert.True(attack.Count >= 150 * attacked.Count * Phase.TotalSeconds, "there was no attack to speak of");
        Assert.False(IsSlower(attacked, quiet), "good ones were slowed down");
    }

    private static bool IsSlower(List<TimeSpan> attacked, List<TimeSpan> quiet) =>
        attacked.Min() > Unnoticed && attacked.Min() > Slowdown * quiet.Min();

    /// <summary>The p99 of a turn.</summary>
    private static async Task<TimeSpan> MeasureAsync(Func<Task<string>> good, string served)
    {
        var traffic = Traffic.Start(200, good);
        await Task.Delay(Phase);
        var answers = await traffic.StopAsync();
        Assert.All(answers, answer => Assert.Equal(served, answer.Outcome)); // nobody is locked out
        return answers.Select(answer => answer.Took).Percentile(0.99);
    }

    private static async Task<string> TokenAsync(ApiClient client, string id, string secret) =>
        Traffic.Word(await client.With(null).FormAsync("/oauth/token", [("grant_type", "client_credentials")], (id, secret)));
}
