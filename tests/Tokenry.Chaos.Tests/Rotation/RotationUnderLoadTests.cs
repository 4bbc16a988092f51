using System.Collections.Concurrent;
using System.Runtime.Versioning;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Rotation;

/// <summary>
/// R13: keys that sign for three seconds each (twenty in the long form) while tokens are bought and verified, by the server and by verifiers that
/// have nothing but the JWK set. Nobody notices.
/// </summary>
public sealed class RotationUnderLoadTests(ITestOutputHelper output)
{
    private const string Issuer = "https://tokens.example.com";
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = Form.IsLong ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(12);

    private static readonly ServerOptions ShortLived = new()
    {
        Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Tokenry:Issuer"] = Issuer,
            ["Tokenry:SigningKeys:RotateEvery"] = Form.IsLong ? "20s" : "3s",
            ["Tokenry:SigningKeys:JwksMaxAge"] = Form.IsLong ? "5s" : "1s",
            ["Tokenry:SigningKeys:PublishAhead"] = Form.IsLong ? "10s" : "2s",
            ["Tokenry:SigningKeys:RetiredKept"] = Form.IsLong ? "40s" : "32s",
        },
    };

    [Fact]
    public Task No_verification_fails_while_keys_rotate() => RotateAsync(Engine.Sqlite, ShortLived);

    /// <summary>Keys on a token, below, are the same with more to go wrong: in the short form they stand for this.</summary>
    [Fact, Trait(Stage.Name, Stage.Long)]
    public Task No_verification_fails_while_keys_rotate_on_two_replicas() => RotateAsync(Engine.Postgres, ShortLived);

    /// <summary>The same with keys on a PKCS#11 token that two replicas share: made, signed with and destroyed there.</summary>
    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task No_verification_fails_while_keys_on_a_token_rotate()
    {
        using var hsm = await SoftHsm.CreateAsync();
        await RotateAsync(
            Engine.Postgres,
            ShortLived with
            {
                Settings = ShortLived
                    .Settings.Concat(hsm.Settings)
                    .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal),
            }
        );
        Assert.InRange(hsm.Objects, 4, int.MaxValue); // where the keys were all the time
    }

    private async Task RotateAsync(Engine engine, ServerOptions options)
    {
        await using var one = await ServerProcess.StartAsync(engine, options);
        await using var two = engine == Engine.Postgres ? await one.StartReplicaAsync() : null;
        var admin = await one.AdminAsync();
        ApiClient[] replicas = two is null ? [admin] : [admin, admin.At(two.Address)];
        var lifetime = new { access_token_lifetime_seconds = (int)TokenLifetime.TotalSeconds };
        var es256 = await Scenario.On(admin).Api(_ => lifetime, "a").ClientSecret().CreateAsync();
        var rs256 = await Scenario
            .On(admin)
            .Api(_ => new { lifetime.access_token_lifetime_seconds, access_token_signing_alg = "RS256" }, "a")
            .ClientSecret()
            .CreateAsync();
        OfflineVerifier[] verifiers = [.. Enumerable.Range(0, 3).Select(n => new OfflineVerifier(replicas[n % replicas.Length], Issuer))];
        await Task.Delay(TimeSpan.FromSeconds(2)); // the RSA key is known to those who keep the set

        var issued = new ConcurrentQueue<(string Token, string Api, DateTimeOffset Until)>();
        var turn = 0;
        var issuing = Traffic.Start(
            Form.IsLong ? 300 : 100,
            async () =>
            {
                var n = Interlocked.Increment(ref turn);
                var made = n % 5 == 0 ? rs256 : es256;
                var until = DateTimeOffset.UtcNow + TokenLifetime;
                var answer = await replicas[n % replicas.Length]
                    .With(null)
                    .FormAsync("/oauth/token", [("grant_type", "client_credentials")], (made.Application.Id, made.ClientSecret.Secret));
                if (answer.Status != 200)
                    return $"token {answer.Status}";
                issued.Enqueue((answer.Text("access_token"), made.Api.Identifier, until));
                return "valid";
            }
        );
        var verifying = Traffic.Start(Form.IsLong ? 1000 : 300, () => VerifyAsync(issued, replicas, verifiers));
        await Task.Delay(Patience);
        var samples = (await issuing.StopAsync()).Concat(await verifying.StopAsync()).ToList();

        var rotations = await CountAsync(admin, "signing_key.activated");
        output.WriteLine($"{Traffic.Count(samples)}; {rotations} rotations; {verifiers.Sum(verifier => verifier.Fetches.Count)} fetches");
        Assert.All(samples, sample => Assert.True(sample.Outcome is "valid" or "idle", sample.Outcome));
        Assert.True(samples.Count(sample => sample.Outcome == "valid") > 100 * Patience.TotalSeconds);
        // Two algorithms; each takes the schedule's next tick after its time.
        var expected = 2 * Patience / (Form.IsLong ? TimeSpan.FromSeconds(20) : TimeSpan.FromSeconds(3));
        Assert.InRange(rotations, expected * 0.5, expected * 1.5);
        Assert.InRange(await CountAsync(admin, "signing_key.retired"), rotations, rotations + 2); // each took another's place
        foreach (var verifier in verifiers)
        {
            Assert.All(verifier.Fetches.Zip(verifier.Fetches.Skip(1)), pair => Assert.True(pair.Second - pair.First >= verifier.MaxAge));
            Assert.True(verifier.Seen.Count > expected / 2);
        }
    }

    /// <summary>Some token that is still good, at the server or at one that knows only the keys.</summary>
    private static async Task<string> VerifyAsync(
        ConcurrentQueue<(string Token, string Api, DateTimeOffset Until)> issued,
        ApiClient[] replicas,
        OfflineVerifier[] verifiers
    )
    {
        // Spread over the whole life of tokens: the oldest is as good as the newest.
        while (issued.TryPeek(out var oldest) && oldest.Until < DateTimeOffset.UtcNow + TimeSpan.FromSeconds(3))
            issued.TryDequeue(out _);
        if (!issued.TryDequeue(out var taken))
            return "idle";
        issued.Enqueue(taken);
        if (taken.Until < DateTimeOffset.UtcNow + TimeSpan.FromSeconds(3))
            return "idle";
        var offline = await verifiers[Random.Shared.Next(verifiers.Length)].VerifyAsync(taken.Token);
        if (offline != "valid")
            return offline;
        var answer = await replicas[Random.Shared.Next(replicas.Length)]
            .PostAsync("/v1/verify", new { token = taken.Token, api = taken.Api });
        return answer.Status == 200 ? answer.Text("code") : Traffic.Word(answer);
    }

    private static async Task<int> CountAsync(ApiClient admin, string action)
    {
        var count = 0;
        for (string? cursor = ""; cursor is not null; )
        {
            var page = await admin
                .GetAsync($"/v1/audit?action={action}&limit=200{(cursor.Length > 0 ? "&cursor=" + cursor : "")}")
                .Expect(200);
            count += page.Json.GetProperty("items").GetArrayLength();
            cursor = page.Json.GetProperty("next_cursor").GetString();
        }

        return count;
    }
}
