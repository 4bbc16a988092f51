using System.Globalization;
using System.Text;
using Tokenry.Server.Tests.Contracts;

namespace Tokenry.Server.Tests.Edges;

/// <summary>
/// No input gives a 5xx, hangs the server or ends it (security §1 P7). Seeded: TOKENRY_FUZZ_SEED repeats a run. What fails is written to
/// <c>Edges/Corpus</c>, to be committed with its fix, and is sent again in every run.
/// </summary>
[Collection(EdgeCollection.Name)]
public sealed class FuzzTests(EdgeServer edge, ITestOutputHelper output)
{
    private const int Connections = 8;

    private const int Least = 100;

    private static readonly TimeSpan Duration =
        Environment.GetEnvironmentVariable("TOKENRY_LONG") == "1" ? TimeSpan.FromSeconds(60) : TimeSpan.FromSeconds(2);

    private static readonly int FirstSeed = int.TryParse(
        Environment.GetEnvironmentVariable("TOKENRY_FUZZ_SEED"),
        CultureInfo.InvariantCulture,
        out var seed
    )
        ? seed
        : Random.Shared.Next(1_000_000_000);

    private static readonly string Corpus = Path.Combine(Repository.Root, "tests", "Tokenry.Server.Tests", "Edges", "Corpus");

    public static TheoryData<string> Targets => [.. FuzzTarget.Names];

    [Theory, MemberData(nameof(Targets))]
    public async Task No_spoilt_input_gives_a_5xx_or_hangs(string target)
    {
        output.WriteLine($"TOKENRY_FUZZ_SEED={FirstSeed}");
        var fuzz = new FuzzTarget(edge, await Route.AllAsync(), await edge.CreateAsync());
        var answers = new int[600];
        var next = FirstSeed;
        using var end = new CancellationTokenSource(Duration);
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(FireAsync)));
        foreach (var (status, count) in answers.Index().Where(pair => pair.Item > 0))
            output.WriteLine($"{status}: {count}");
        Assert.True(answers[0] * 10 < answers.Sum(), $"{answers[0]} of {answers.Sum()} without an answer");
        await ExpectUnharmedAsync();

        async Task FireAsync()
        {
            using var connection = new KeepAlive(edge.Process.Address);
            while (!end.IsCancellationRequested || answers.Sum() <= Least) // a busy machine takes longer
            {
                var seed = Interlocked.Increment(ref next);
                var request = fuzz.Make(target, new Mutator(seed));
                Interlocked.Increment(ref answers[await StatusAsync(connection, request, $"{target.Replace(' ', '-')}-{seed}")]);
            }
        }
    }

    /// <summary>What failed once, and what has broken others. <c>{bearer}</c> and <c>{basic}</c> stand for good credentials.</summary>
    [Fact]
    public async Task The_corpus_gives_no_5xx()
    {
        var files = Directory.GetFiles(Corpus, "*.http");
        Assert.NotEmpty(files);
        var (id, secret) = (edge.Made.Application.Id, edge.Made.ClientSecret.Secret);
        foreach (var file in files)
        {
            using var connection = new KeepAlive(edge.Process.Address);
            var text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
            text = text.Replace("{bearer}", edge.Admin.Bearer, StringComparison.Ordinal)
                .Replace("{basic}", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{id}:{secret}")), StringComparison.Ordinal);
            await StatusAsync(connection, Encoding.Latin1.GetBytes(text), null);
        }

        await ExpectUnharmedAsync();
    }

    private async Task<int> StatusAsync(KeepAlive connection, byte[] request, string? name)
    {
        try
        {
            var status = await connection.SendAsync(request);
            if (status < 500)
                return status;
            Keep(name, request);
            Assert.Fail($"{status} for {name}:\n{Encoding.Latin1.GetString(request)}");
        }
        catch (OperationCanceledException)
        {
            Keep(name, request);
            Assert.Fail($"no answer for {name}:\n{Encoding.Latin1.GetString(request)}");
        }

        return 0;
    }

    private void Keep(string? name, byte[] request)
    {
        if (name is not null)
        {
            Directory.CreateDirectory(Corpus);
            // No credential of a test server is worth anything later, but none belongs into a repository.
            var text = Encoding.Latin1.GetString(request).Replace(edge.Admin.Bearer!, "{bearer}", StringComparison.Ordinal);
            File.WriteAllBytes(Path.Combine(Corpus, name + ".http"), Encoding.Latin1.GetBytes(text));
        }
    }

    private async Task ExpectUnharmedAsync()
    {
        await edge.Process.Client().GetAsync("/health/ready").Expect(200);
        Assert.DoesNotContain(edge.Process.StandardOutput, line => line.Contains("\"LogLevel\":\"Error\"", StringComparison.Ordinal));
        Assert.DoesNotContain(edge.Process.StandardOutput, line => line.Contains("\"LogLevel\":\"Critical\"", StringComparison.Ordinal));
        Assert.Empty(edge.Process.StandardError);
        await edge.Admin.GetAsync("/v1/me").Expect(200);
    }
}
