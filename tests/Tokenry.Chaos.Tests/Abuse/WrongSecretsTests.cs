using System.Buffers.Binary;
using System.Security.Cryptography;
using Tokenry.Chaos.Tests.Support;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Chaos.Tests.Abuse;

/// <summary>Two hundred wrong secrets a second from one address: whoever has the right one is served as before, from that address too.</summary>
public sealed class WrongSecretsTests(SharedServers servers, ITestOutputHelper output)
{
    private const double Slowdown = 2;
    private static readonly int Rounds = Form.Rounds(3, 10);
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(Form.Rounds(2, 5));

    [Theory, BothEngines]
    public async Task At_the_token_endpoint(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        await CompareAsync(
            good: () => TokenAsync(admin, made.Application.Id, made.ClientSecret.Secret),
            bad: () => TokenAsync(admin, made.Application.Id, Wrong("sec")),
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
            bad: async () => Traffic.Word(await admin.With(Wrong("key")).GetAsync("/v1/me")),
            "200",
            ["401", "429"]
        );
    }

    /// <summary>Quiet and attack take turns, so that what else the machine does falls on both.</summary>
    private async Task CompareAsync(Func<Task<string>> good, Func<Task<string>> bad, string served, string[] refused)
    {
        var (quiet, attacked, attack) = (new List<TimeSpan>(), new List<TimeSpan>(), new List<Sample>());
        await MeasureAsync(good, served); // the first requests compile the server's code
        for (var round = 0; round < Rounds; round++)
        {
            quiet.AddRange(await MeasureAsync(good, served));
            var attacking = Traffic.Start(200, bad);
            attacked.AddRange(await MeasureAsync(good, served));
            attack.AddRange(await attacking.StopAsync());
        }
        output.WriteLine($"quiet: {quiet.Describe()}; attacked: {attacked.Describe()}; the attacker heard {Traffic.Count(attack)}");
        Assert.All(attack, sample => Assert.Contains(sample.Outcome, refused));
        Assert.True(attack.Count >= 150 * Rounds * Phase.TotalSeconds, "there was no attack to speak of");
        Assert.True(attacked.Percentile(0.99) <= Slowdown * quiet.Percentile(0.99), "good ones were slowed down");
    }

    private static async Task<IEnumerable<TimeSpan>> MeasureAsync(Func<Task<string>> good, string served)
    {
        var traffic = Traffic.Start(100, good);
        await Task.Delay(Phase);
        var answers = await traffic.StopAsync();
        Assert.All(answers, answer => Assert.Equal(served, answer.Outcome)); // nobody is locked out
        return answers.Select(answer => answer.Took);
    }

    /// <summary>Well-formed and unknown, another one each time: each costs a look into the store.</summary>
    private static string Wrong(string kind) =>
        CredentialString.Create("tkr", kind, BinaryPrimitives.ReadUInt128BigEndian(RandomNumberGenerator.GetBytes(16))).Reveal();

    private static async Task<string> TokenAsync(ApiClient client, string id, string secret) =>
        Traffic.Word(await client.With(null).FormAsync("/oauth/token", [("grant_type", "client_credentials")], (id, secret)));
}
