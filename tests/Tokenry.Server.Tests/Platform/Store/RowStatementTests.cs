using System.Data.Common;
using Dapper;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Store;

public sealed class RowStatementTests
{
    private static readonly RowStatement<Written> Insert = new RowStatement<Written>(
        "INSERT INTO written (number, text, bytes) VALUES (@1, @2, @3)"
    )
        .Number(row => row.Number)
        .Text(row => row.Text)
        .Bytes(row => row.Bytes);

    private static readonly RowStatement<Written> Add = new RowStatement<Written>(
        """
        INSERT INTO written (number, text, bytes) VALUES (@1, @2, @3)
        ON CONFLICT (number) DO UPDATE SET text = written.text || excluded.text RETURNING length(text)
        """
    ).Number(row => row.Number).Text(row => row.Text).Bytes(row => row.Bytes);

    [Theory]
    [BothEngines("plain")]
    [BothEngines("Grüße, 漢字 🔑 e\u0301")]
    [BothEngines("'; DROP TABLE written; -- ?1 $1 @1")]
    public async Task A_text_is_read_as_it_was_written(Engine engine, string text)
    {
        await using var store = await OpenAsync(engine);
        await WriteAsync(store, new Written(1, text, [1]));
        Assert.Equal(text, Assert.Single(await ReadAsync(store)).Text);
    }

    [Theory, BothEngines]
    public async Task An_empty_text_was_nothing_on_SQLite(Engine engine)
    {
        await using var store = await OpenAsync(engine);
        await WriteAsync(store, new Written(1, "", [1]), new Written(2, null, [1]), new Written(3, "", [1]));
        Assert.Equal(["", null, ""], (await ReadAsync(store)).Select(row => row.Text));
    }

    [Theory, BothEngines]
    public async Task Empty_bytes_are_not_nothing(Engine engine)
    {
        await using var store = await OpenAsync(engine);
        await WriteAsync(store, new Written(1, "x", []), new Written(2, "x", [0, 255, 0]));
        Assert.Equal(
            [
                [],
                [0, 255, 0],
            ],
            (await ReadAsync(store)).Select(row => row.Bytes)
        );
    }

    /// <summary>A text is encoded on the stack while it surely fits there: both sides of that border, in characters of one to four bytes.</summary>
    [Theory, BothEngines]
    public async Task Texts_of_every_length_are_whole(Engine engine)
    {
        await using var store = await OpenAsync(engine);
        string[] units = ["a", "ü", "漢", "🔑"];
        int[] lengths = [1, 84, 85, 127, 128, 129, 169, 170, 171, 255, 256, 257, 511, 512, 513, 2000, 100_000];
        Written[] rows =
        [
            .. units
                .SelectMany(unit => lengths.Select(length => string.Concat(Enumerable.Repeat(unit, length))))
                .Select((text, number) => new Written(number, text, [1])),
        ];
        await WriteAsync(store, rows);
        Assert.Equal(rows.Select(row => row.Text), (await ReadAsync(store)).Select(row => row.Text));
    }

    [Theory, BothEngines]
    public async Task Numbers_are_whole_from_the_least_to_the_greatest(Engine engine)
    {
        await using var store = await OpenAsync(engine);
        long[] numbers = [long.MinValue, int.MinValue - 1L, -1, 0, 1, int.MaxValue + 1L, long.MaxValue];
        await WriteAsync(store, [.. numbers.Select(number => new Written(number, "x", BitConverter.GetBytes(number)))]);
        var read = await ReadAsync(store);
        Assert.Equal(numbers, read.Select(row => row.Number));
        Assert.All(read, row => Assert.Equal(row.Number, BitConverter.ToInt64(row.Bytes)));
    }

    /// <summary>A parameter that keeps its value from the row before would be seen.</summary>
    [Theory, BothEngines]
    public async Task Each_row_has_its_own_values(Engine engine)
    {
        await using var store = await OpenAsync(engine);
        Written[] rows = [.. Enumerable.Range(0, 1000).Select(n => new Written(n, n % 3 == 0 ? null : $"{n}", [(byte)n]))];
        await WriteAsync(store, rows);
        var read = await ReadAsync(store);
        Assert.Equal(rows.Select(row => row.Text), read.Select(row => row.Text));
        Assert.Equal(rows.SelectMany(row => row.Bytes), read.SelectMany(row => row.Bytes));
    }

    [Theory, BothEngines]
    public async Task What_it_returns_is_told_of_each_row_in_their_order(Engine engine)
    {
        await using var store = await OpenAsync(engine);
        Written[] rows = [new(1, "a", [1]), new(2, "bcd", [1]), new(1, "bc", [1]), new(1, "d", [1])];
        var told = new List<(Written Row, long Length)>();
        await store.Database.WriteAsync(async tx =>
        {
            await tx.ExecuteEachAsync(Add, rows, (row, length) => told.Add((row, length)));
            return 0;
        });
        Assert.Equal(rows, told.Select(each => each.Row));
        Assert.Equal([1, 3, 3, 4], told.Select(each => each.Length));
        Assert.Equal(["abcd", "bcd"], (await ReadAsync(store)).Select(row => row.Text));
    }

    [Theory, BothEngines]
    public async Task A_row_for_which_nothing_is_returned_is_not_told(Engine engine)
    {
        var insertNew = new RowStatement<Written>(
            "INSERT INTO written (number, text, bytes) VALUES (@1, @2, @3) ON CONFLICT DO NOTHING RETURNING number"
        )
            .Number(row => row.Number)
            .Text(row => row.Text)
            .Bytes(row => row.Bytes);
        await using var store = await OpenAsync(engine);
        await WriteAsync(store, new Written(2, "first", [1]));
        var told = new List<(long Sent, long Returned)>();
        Written[] rows = [new(1, "a", [1]), new(2, "b", [1]), new(3, "c", [1])];
        await store.Database.WriteAsync(async tx =>
        {
            await tx.ExecuteEachAsync(insertNew, rows, (row, number) => told.Add((row.Number, number)));
            return 0;
        });
        Assert.Equal([(1, 1), (3, 3)], told);
        Assert.Equal(["a", "first", "c"], (await ReadAsync(store)).Select(row => row.Text));
    }

    [Theory, BothEngines]
    public async Task What_it_returns_may_be_left_unread(Engine engine)
    {
        await using var store = await OpenAsync(engine);
        await WriteAsync(store, new Written(1, "a", [1]));
        await store.Database.WriteAsync(async tx =>
        {
            await tx.ExecuteEachAsync(Add, [new(1, "b", [1]), new(2, "c", [1])]);
            return 0;
        });
        Assert.Equal(["ab", "c"], (await ReadAsync(store)).Select(row => row.Text));
    }

    [Theory, BothEngines]
    public async Task No_rows_are_no_statement(Engine engine)
    {
        await using var store = await OpenAsync(engine);
        await WriteAsync(store);
        Assert.Empty(await ReadAsync(store));
    }

    [Theory]
    [BothEngines(false)]
    [BothEngines(true)]
    public async Task A_duplicate_is_told_as_of_any_statement_and_leaves_nothing(Engine engine, bool reads)
    {
        await using var store = await OpenAsync(engine);
        await WriteAsync(store, new Written(2, "first", [1]));
        await Assert.ThrowsAsync<UniqueViolationException>(() =>
            store.Database.WriteAsync(async tx =>
            {
                await tx.ExecuteAsync("INSERT INTO written (number, text, bytes) SELECT 7, text, bytes FROM written");
                await tx.ExecuteEachAsync(Insert, [new(1, "a", [1]), new(2, "b", [1]), new(3, "c", [1])], reads ? (_, _) => { } : null);
                return 0;
            })
        );
        Assert.Equal("first", Assert.Single(await ReadAsync(store)).Text);
        await WriteAsync(store, new Written(3, "again", [1])); // nothing is left in the way
        Assert.Equal(["first", "again"], (await ReadAsync(store)).Select(row => row.Text));
    }

    [Theory, BothEngines]
    public async Task Another_fault_is_that_of_any_statement(Engine engine)
    {
        const string Refused = "INSERT INTO written (number, text) VALUES (1, 'refused')"; // by a check
        const string Nowhere = "INSERT INTO nowhere (number) VALUES (1)";
        await using var store = await OpenAsync(engine);
        foreach (var sql in new[] { Refused, Nowhere })
        {
            var statement = new RowStatement<Written>(sql.Replace("(1", "(@1")).Number(row => row.Number);
            var expected = await Assert.ThrowsAnyAsync<DbException>(() => store.ExecuteAsync(sql));
            var actual = await Assert.ThrowsAnyAsync<DbException>(() =>
                store.Database.WriteAsync(async tx =>
                {
                    await tx.ExecuteEachAsync(statement, [new(1, "", [1])]);
                    return 0;
                })
            );
            Assert.Equal(expected.GetType(), actual.GetType());
            Assert.Equal(expected.ErrorCode, actual.ErrorCode);
            Assert.Equal(expected.SqlState, actual.SqlState);
        }
        Assert.Empty(await ReadAsync(store));
    }

    private static async Task<TestStore> OpenAsync(Engine engine)
    {
        var store = await TestStore.EmptyAsync(engine);
        var blob = engine == Engine.Postgres ? "bytea" : "blob";
        await store.ExecuteAsync($"CREATE TABLE written (number bigint PRIMARY KEY, text text CHECK (text <> 'refused'), bytes {blob})");
        return store;
    }

    private static Task<int> WriteAsync(TestStore store, params Written[] rows) =>
        store.Database.WriteAsync(async tx =>
        {
            await tx.ExecuteEachAsync(Insert, rows);
            return rows.Length;
        });

    private static async Task<IReadOnlyList<Written>> ReadAsync(TestStore store) =>
        [.. await store.ReadAsync(connection => connection.QueryAsync<Written>("SELECT number, text, bytes FROM written ORDER BY number"))];

    private sealed record Written(long Number, string? Text, byte[] Bytes);
}
