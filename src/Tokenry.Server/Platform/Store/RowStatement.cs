using System.Data.Common;
using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;
using SQLitePCL;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// One statement for many rows, and how a row fills its parameters, which the SQL numbers <c>@1</c>, <c>@2</c>, … in the order of the calls. On SQLite it is
/// prepared once and bound without intermediate objects. On PostgreSQL all rows go in one round trip. If the statement inserts its parameters unchanged, they
/// go as arrays in one statement; then no two rows may have the same conflict key. It exists because the server writes thousands of records of use every
/// second, beside the requests.
/// </summary>
public sealed class RowStatement<TRow>(string sql)
{
    private const int LongestOnStack = 512;

    private readonly string forSqlite = sql.Replace('@', '?');
    private readonly string forPostgres = sql.Replace('@', '$');
    private readonly List<Column> columns = [];

    /// <summary>The statement with arrays, created when all columns are known.</summary>
    private string? overArrays;

    /// <summary>The next parameter is a text or null.</summary>
    public RowStatement<TRow> Text(Func<TRow, string?> value) =>
        Add(
            (statement, index, row) => BindText(statement, index, value(row)),
            row => new NpgsqlParameter<string> { TypedValue = value(row) },
            "text",
            rows => new NpgsqlParameter<string?[]> { TypedValue = All(rows, value) }
        );

    /// <summary>The next parameter is a number.</summary>
    public RowStatement<TRow> Number(Func<TRow, long> value) =>
        Add(
            (statement, index, row) => raw.sqlite3_bind_int64(statement, index, value(row)),
            row => new NpgsqlParameter<long> { TypedValue = value(row) },
            "bigint",
            rows => new NpgsqlParameter<long[]> { TypedValue = All(rows, value) }
        );

    /// <summary>The next parameter is a number or null.</summary>
    public RowStatement<TRow> NumberOrNull(Func<TRow, long?> value) =>
        Add(
            (statement, index, row) =>
            {
                if (value(row) is { } number)
                {
                    raw.sqlite3_bind_int64(statement, index, number);
                }
                else
                {
                    raw.sqlite3_bind_null(statement, index);
                }
            },
            row => new NpgsqlParameter { Value = (object?)value(row) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint },
            "bigint",
            rows => new NpgsqlParameter<long?[]> { TypedValue = All(rows, value) }
        );

    /// <summary>The next parameter is bytes.</summary>
    public RowStatement<TRow> Bytes(Func<TRow, byte[]> value) =>
        Add(
            (statement, index, row) => raw.sqlite3_bind_blob(statement, index, value(row)),
            row => new NpgsqlParameter<byte[]> { TypedValue = value(row) },
            "bytea",
            rows => new NpgsqlParameter<byte[][]> { TypedValue = All(rows, value) }
        );

    /// <summary>Runs the statement for each row, in order.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction of the connection; not needed on SQLite.</param>
    /// <param name="rows">The rows, in the order in which to write them.</param>
    /// <param name="returned">Called with the number that the statement returned for a row, if it returns one.</param>
    /// <param name="statements">The statements of SQLite's connection, where this one stays prepared.</param>
    internal Task RunAsync(
        DbConnection connection,
        DbTransaction? transaction,
        IReadOnlyList<TRow> rows,
        Action<TRow, long>? returned,
        SqliteStatements? statements
    )
    {
        if (rows.Count == 0)
        {
            return Task.CompletedTask;
        }

        if (connection is NpgsqlConnection postgres)
        {
            return RunBatchAsync(postgres, (NpgsqlTransaction?)transaction, rows, returned);
        }

        RunPrepared(statements!.Database, statements.Get(forSqlite), rows, returned);
        return Task.CompletedTask;
    }

    /// <summary>The statement with its rows, to be written together with others.</summary>
    internal PendingRows With(IReadOnlyList<TRow> rows) => new Pending(this, rows);

    private void RunPrepared(sqlite3 database, sqlite3_stmt statement, IReadOnlyList<TRow> rows, Action<TRow, long>? returned)
    {
        foreach (var row in rows)
        {
            for (var i = 0; i < columns.Count; i++)
            {
                columns[i].Bind(statement, i + 1, row);
            }

            try
            {
                var step = raw.sqlite3_step(statement);
                if (step == raw.SQLITE_ROW)
                {
                    returned?.Invoke(row, raw.sqlite3_column_int64(statement, 0));
                    step = raw.sqlite3_step(statement);
                }

                if (step != raw.SQLITE_DONE)
                {
                    SqliteException.ThrowExceptionForRC(step, database);
                }
            }
            finally
            {
                raw.sqlite3_reset(statement); // without a reset, the statement would keep the transaction open
            }
        }
    }

    /// <summary>Unchanged if the statement does more than insert its parameters in order.</summary>
    private string OverArrays()
    {
        var values = $"VALUES ({string.Join(", ", columns.Select((_, i) => $"@{i + 1}"))})";
        var arrays = string.Join(", ", columns.Select((column, i) => $"${i + 1}::{column.PostgresType}[]"));
        return sql.Replace(values, $"SELECT * FROM unnest({arrays})", StringComparison.Ordinal);
    }

    private void AddTo(NpgsqlBatch batch, IReadOnlyList<TRow> rows)
    {
        if ((overArrays ??= OverArrays()) == sql)
        {
            AddEach(batch, rows);
            return;
        }

        var command = new NpgsqlBatchCommand(overArrays);
        foreach (var column in columns)
        {
            command.Parameters.Add(column.ToArray(rows));
        }

        batch.BatchCommands.Add(command);
    }

    private void AddEach(NpgsqlBatch batch, IReadOnlyList<TRow> rows)
    {
        foreach (var row in rows)
        {
            var command = new NpgsqlBatchCommand(forPostgres);
            foreach (var column in columns)
            {
                command.Parameters.Add(column.ToParameter(row));
            }

            batch.BatchCommands.Add(command);
        }
    }

    private async Task RunBatchAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction? transaction,
        IReadOnlyList<TRow> rows,
        Action<TRow, long>? returned
    )
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        if (returned is null)
        {
            AddTo(batch, rows);
            await batch.ExecuteNonQueryAsync();
            return;
        }

        AddEach(batch, rows); // one statement a row, so that each returns its own
        await using var reader = await batch.ExecuteReaderAsync();
        foreach (var row in rows)
        {
            if (await reader.ReadAsync())
            {
                returned(row, reader.GetInt64(0));
            }

            await reader.NextResultAsync();
        }
    }

    private RowStatement<TRow> Add(
        Action<sqlite3_stmt, int, TRow> bind,
        Func<TRow, NpgsqlParameter> toParameter,
        string postgresType,
        Func<IReadOnlyList<TRow>, NpgsqlParameter> toArray
    )
    {
        columns.Add(new(bind, toParameter, postgresType, toArray));
        return this;
    }

    private static TValue[] All<TValue>(IReadOnlyList<TRow> rows, Func<TRow, TValue> value)
    {
        var all = new TValue[rows.Count];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = value(rows[i]);
        }

        return all;
    }

    private static void BindText(sqlite3_stmt statement, int index, string? value)
    {
        if (value is null)
        {
            raw.sqlite3_bind_null(statement, index);
            return;
        }

        if (value.Length == 0)
        {
            raw.sqlite3_bind_text(statement, index, value); // an empty span has no address, which SQLite reads as NULL
            return;
        }

        var longest = Encoding.UTF8.GetMaxByteCount(value.Length);
        var buffer = longest <= LongestOnStack ? stackalloc byte[LongestOnStack] : new byte[longest];
        raw.sqlite3_bind_text(statement, index, buffer[..Encoding.UTF8.GetBytes(value, buffer)]);
    }

    private sealed class Pending(RowStatement<TRow> statement, IReadOnlyList<TRow> rows) : PendingRows
    {
        internal override void AddTo(NpgsqlBatch batch)
        {
            if (rows.Count > 0)
            {
                statement.AddTo(batch, rows);
            }
        }

        internal override void Run(SqliteStatements statements) =>
            statement.RunPrepared(statements.Database, statements.Get(statement.forSqlite), rows, returned: null);
    }

    private sealed record Column(
        Action<sqlite3_stmt, int, TRow> Bind,
        Func<TRow, NpgsqlParameter> ToParameter,
        string PostgresType,
        Func<IReadOnlyList<TRow>, NpgsqlParameter> ToArray
    );
}
