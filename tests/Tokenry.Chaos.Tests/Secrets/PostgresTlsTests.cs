using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Secrets;

/// <summary>A.11: PostgreSQL on another host proves itself by TLS, or the operator says that it need not.</summary>
public sealed class PostgresTlsTests
{
    [Fact]
    public async Task Another_host_must_prove_itself_unless_the_operator_says_otherwise()
    {
        var cluster = await PostgresCluster.StartAsync();
        var local = await cluster.CreateDatabaseAsync();
        await using var address = await MachineAddress.AddAsync();
        await using var elsewhere = await Switch.StartAsync(cluster.Port, cluster.Port, address.Value);
        var remote = local
            .Replace("Host=127.0.0.1", $"Host={address.Value}", StringComparison.Ordinal)
            .Replace($"Port={cluster.Port}", $"Port={elsewhere.Port}", StringComparison.Ordinal);
        await using (var refused = await ServerProcess.PrepareAsync(Engine.Postgres, new ServerOptions { ConnectionString = remote }))
        {
            var result = await refused.RunAsync("--urls", refused.Address);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains("TLS did not authenticate it", result.Error, StringComparison.Ordinal);
            Assert.Contains("'SSL Mode=Disable'", result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal); // no stack
        }

        await using var server = await ServerProcess.StartAsync(
            Engine.Postgres,
            new ServerOptions { ConnectionString = remote + ";SSL Mode=Disable" }
        );
        await (await server.AdminAsync()).GetAsync("/v1/me").Expect(200);
    }
}
