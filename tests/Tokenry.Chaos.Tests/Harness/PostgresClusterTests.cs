using Npgsql;

namespace Tokenry.Chaos.Tests.Harness;

public sealed class PostgresClusterTests
{
    [Fact]
    public async Task The_shared_cluster_is_one_and_its_databases_are_separate()
    {
        var cluster = await PostgresCluster.StartAsync();
        Assert.Same(cluster, await PostgresCluster.StartAsync());
        var (one, two) = (await cluster.CreateDatabaseAsync(), await cluster.CreateDatabaseAsync());
        await ExecuteAsync(one, "CREATE TABLE only_here (n int)");
        Assert.Equal(1L, await ScalarAsync(one, "SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'"));
        Assert.Equal(0L, await ScalarAsync(two, "SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'"));
        await cluster.DisposeAsync();
        Assert.True(cluster.IsRunning);
    }

    [Fact]
    public async Task A_default_order_is_that_of_a_language()
    {
        var database = await (await PostgresCluster.StartAsync()).CreateDatabaseAsync();
        Assert.Equal("aB", await ScalarAsync(database, "SELECT string_agg(s, '' ORDER BY s) FROM (VALUES ('B'), ('a')) t(s)"));
    }

    [Theory]
    [InlineData("killed")]
    [InlineData("stopped")]
    [InlineData("stopped at once")]
    public async Task What_was_committed_is_there_after_it_was(string ended)
    {
        await using var cluster = await PostgresCluster.StartPrivateAsync();
        var database = await cluster.CreateDatabaseAsync();
        await ExecuteAsync(database, "CREATE TABLE t (n int); INSERT INTO t VALUES (42)");
        await using var open = new NpgsqlConnection(database + ";Pooling=false");
        await open.OpenAsync();

        await (
            ended switch
            {
                "killed" => cluster.KillPostmasterAsync(),
                _ => cluster.StopAsync(immediate: ended == "stopped at once"),
            }
        );
        Assert.False(cluster.IsRunning);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ScalarAsync(database, "SELECT n FROM t"));
        await cluster.StartAgainAsync();

        Assert.Equal(42, await ScalarAsync(database, "SELECT n FROM t"));
    }

    [Fact]
    public async Task A_suspended_cluster_answers_nothing_until_it_is_resumed()
    {
        await using var cluster = await PostgresCluster.StartPrivateAsync(fsync: false);
        var database = await cluster.CreateDatabaseAsync();
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT 1", connection);

        cluster.Suspend();
        var answer = command.ExecuteScalarAsync();
        await Task.Delay(300);
        Assert.False(answer.IsCompleted);

        cluster.Resume();
        Assert.Equal(1, await answer);
    }

    [Fact]
    public async Task A_disposed_cluster_leaves_nothing_behind_even_when_suspended()
    {
        var cluster = await PostgresCluster.StartPrivateAsync(fsync: false);
        var directory = (string)(await ScalarAsync(cluster.AdminConnectionString, "SHOW data_directory"))!;
        var postmaster = int.Parse((await File.ReadAllLinesAsync(Path.Combine(directory, "postmaster.pid")))[0], provider: null);
        var children = Posix.ChildrenOf(postmaster);
        Assert.NotEmpty(children);

        cluster.Suspend();
        await cluster.DisposeAsync();

        Assert.False(Directory.Exists(directory));
        Assert.DoesNotContain(children.Append(postmaster), Posix.IsAlive);
    }

    [Fact]
    public async Task Listens_on_loopback_only()
    {
        var cluster = await PostgresCluster.StartAsync();
        Assert.Equal("127.0.0.1", await ScalarAsync(cluster.AdminConnectionString, "SHOW listen_addresses"));
        Assert.Equal("", await ScalarAsync(cluster.AdminConnectionString, "SHOW unix_socket_directories"));
    }

    private static async Task ExecuteAsync(string connectionString, string sql) => await ScalarAsync(connectionString, sql);

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
