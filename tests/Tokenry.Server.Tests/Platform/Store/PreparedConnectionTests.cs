using Dapper;
using Microsoft.Data.Sqlite;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Store;

/// <summary>The same statements, again and again, with what may differ between two runs of one.</summary>
public sealed class PreparedConnectionTests : IDisposable
{
    private readonly SqliteConnection inner = new("Data Source=:memory:");
    private readonly PreparedConnection connection;

    public PreparedConnectionTests()
    {
        inner.Open();
        connection = new PreparedConnection(inner);
        connection.Execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO things VALUES (1, 'one')");
    }

    [Fact]
    public void Each_run_has_its_own_parameters()
    {
        for (var id = 2; id < 10; id++)
        {
            connection.Execute("INSERT INTO things VALUES (@id, @name)", new { id, name = id % 2 == 0 ? null : $"n{id}" });
        }

        Assert.Equal(4, connection.ExecuteScalar<long>("SELECT count(*) FROM things WHERE name IS NULL"));
        Assert.Equal(5, connection.ExecuteScalar<long>("SELECT count(*) FROM things WHERE name IS NOT NULL"));
    }

    [Fact]
    public void A_list_may_be_longer_or_shorter_each_time()
    {
        for (var id = 2; id < 10; id++)
        {
            connection.Execute("INSERT INTO things VALUES (@id, 'x')", new { id });
        }

        foreach (var length in (int[])[3, 1, 0, 3, 9, 1, 9, 0])
        {
            Assert.Equal(
                length,
                connection
                    .Query<long>(
                        "SELECT id FROM things WHERE id IN @ids AND id < @end",
                        new { ids = Enumerable.Range(1, length).ToArray(), end = 100 }
                    )
                    .Count()
            );
        }
    }

    [Fact]
    public void A_statement_that_failed_runs_again()
    {
        for (var turn = 0; turn < 3; turn++)
        {
            Assert.Throws<SqliteException>(() => connection.Execute("INSERT INTO things VALUES (@id, 'again')", new { id = 1 }));
            Assert.Equal(1, connection.Execute("INSERT INTO things VALUES (@id, 'again')", new { id = 100 + turn }));
        }
    }

    [Fact]
    public void What_is_read_in_part_holds_nothing_up()
    {
        connection.Execute("INSERT INTO things VALUES (2, 'two')");
        for (var turn = 0; turn < 3; turn++)
        {
            connection.Execute("BEGIN");
            Assert.Equal(1, connection.QueryFirst<long>("SELECT id FROM things ORDER BY id"));
            connection.Execute("COMMIT"); // which a statement that is still being read would refuse
        }

        using var outer = connection.ExecuteReader("SELECT id FROM things ORDER BY id");
        Assert.True(outer.Read());
        Assert.Equal([1, 2], connection.Query<long>("SELECT id FROM things ORDER BY id"));
        Assert.True(outer.Read());
        Assert.Equal(2, outer.GetInt64(0));
    }

    [Fact]
    public void A_table_may_change_between_two_runs()
    {
        for (var turn = 0; turn < 3; turn++)
        {
            Assert.Equal("one", connection.QueryFirst<Thing>("SELECT * FROM things WHERE id = @id", new { id = 1 }).Name);
            connection.Execute($"ALTER TABLE things ADD COLUMN more{turn} TEXT");
        }
    }

    public void Dispose()
    {
        connection.Dispose();
        inner.Dispose();
    }

    private sealed class Thing
    {
        public long Id { get; init; }

        public string? Name { get; init; }
    }
}
