using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Harness;

public sealed class WorkloadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_honest_server_is_not_accused()
    {
        var (workload, violations) = await RunAsync(Lie.None);
        Assert.Empty(violations);
        Assert.Equal(0, workload.Unknown);
        Assert.Equal(3, workload.Acknowledgements.Select(acknowledged => acknowledged.Action).Distinct().Count());
    }

    [Fact]
    public async Task A_lost_answer_is_unknown_and_no_violation()
    {
        var (workload, violations) = await RunAsync(Lie.LosesAnswers);
        Assert.Empty(violations);
        Assert.NotEqual(0, workload.Unknown);
    }

    [Theory]
    [InlineData(Lie.LosesKeys, "is unknown, acknowledged was ")] // valid or revoked: whichever the lost ones were
    [InlineData(Lie.ForgetsRevocations, "is valid, acknowledged was Revoked")]
    [InlineData(Lie.AcceptsSupersededSecrets, "is valid, acknowledged was Revoked")]
    [InlineData(Lie.AnswersServerErrors, ": 500 ")]
    [InlineData(Lie.TellsTheSameSecretTwice, "the same secret was told twice")]
    public async Task A_lie_is_found_with_and_without_checks_after_writes(Lie lie, string found)
    {
        foreach (var checks in new[] { true, false })
        {
            var (_, violations) = await RunAsync(lie, checks);
            Assert.Contains(violations, violation => violation.Contains(found, StringComparison.Ordinal));
        }
    }

    private static async Task<(Workload, IReadOnlyCollection<string>)> RunAsync(Lie lie, bool checks = true)
    {
        await using var server = new FakeServer(lie);
        var client = new ApiClient(server.Address, "admin");
        var workload = await Workload.PrepareAsync(client, checks);
        using var stop = new CancellationTokenSource();
        var running = workload.RunAsync(writers: 4, stop.Token);
        await workload.AcknowledgedAsync(200, Patience);
        await stop.CancelAsync();
        await running;
        return (workload, await workload.VerifyAsync(client));
    }
}
