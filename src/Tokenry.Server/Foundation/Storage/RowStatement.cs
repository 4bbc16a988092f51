using System.Data;
using System.Data.Common;
using Npgsql;

namespace Tokenry.Server.Foundation.Storage;

/// <summary>
/// One statement for many rows, and how a row fills its parameters. Each column has a type, since an engine cannot tell the type of a null.
/// </summary>
/// <param name="sql">The statement, with a parameter <c>@Name</c> for each column.</param>
/// <param name="columns">Name, type and value of each parameter.</param>
public sealed class RowStatement<TRow>(string sql, params (string Name, DbType Type, Func<TRow, object?> Value)[] columns)
{
    /// <summary>Runs it for each row, in their order. On SQLite it is prepared once; PostgreSQL gets them all in one round trip.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="transaction">Of the connection; SQLite's has none of its own.</param>
    /// <param name="rows">In the order in which they are to be written.</param>
    /// <param name="returned">Told what the statement returned for a row, where it returns a number.</param>
    internal Task RunAsync(DbConnection connection, DbTransaction? transaction, IReadOnlyList<TRow> rows, Action<TRow, long>? returned) =>
        connection is NpgsqlConnection postgres
            ? RunBatchAsync(postgres, (NpgsqlTransaction?)transaction, rows, returned)
            : RunPreparedAsync(connection, rows, returned);

    private async Task RunPreparedAsync(DbConnection connection, IReadOnlyList<TRow> rows, Action<TRow, long>? returned)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        var parameters = new DbParameter[columns.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            parameters[i] = command.CreateParameter();
            parameters[i].ParameterName = columns[i].Name;
            parameters[i].DbType = columns[i].Type;
            command.Parameters.Add(parameters[i]);
        }

        foreach (var row in rows)
        {
            for (var i = 0; i < columns.Length; i++)
            {
                parameters[i].Value = columns[i].Value(row) ?? DBNull.Value;
            }

            if (returned is null)
            {
                await command.ExecuteNonQueryAsync();
            }
            else if (await command.ExecuteScalarAsync() is long number)
            {
                returned(row, number);
            }
        }
    }

    private async Task RunBatchAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction? transaction,
        IReadOnlyList<TRow> rows,
        Action<TRow, long>? returned
    )
    {
        if (rows.Count == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var row in rows)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var (name, type, value) in columns)
            {
                command.Parameters.Add(new NpgsqlParameter(name, type) { Value = value(row) ?? DBNull.Value });
            }

            batch.BatchCommands.Add(command);
        }

        if (returned is null)
        {
            await batch.ExecuteNonQueryAsync();
            return;
        }

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
}
