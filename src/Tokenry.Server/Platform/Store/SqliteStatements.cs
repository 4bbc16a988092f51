using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Tokenry.Server.Platform.Store;

/// <summary>Statements of one connection, each prepared at first use and kept until the connection closes; for one thread.</summary>
public sealed class SqliteStatements(sqlite3 database) : IDisposable
{
    private readonly Dictionary<string, sqlite3_stmt> kept = new(StringComparer.Ordinal);

    public sqlite3 Database => database;

    /// <summary>A statement ready to be bound. A caller that steps it must reset it, also after a failure.</summary>
    public sqlite3_stmt Get(string sql)
    {
        if (!kept.TryGetValue(sql, out var statement))
        {
            SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(database, sql, out statement), database);
            kept[sql] = statement;
        }

        return statement;
    }

    /// <summary>Runs a statement without parameters and results.</summary>
    public void Execute(string sql)
    {
        var statement = Get(sql);
        var step = raw.sqlite3_step(statement);
        raw.sqlite3_reset(statement);
        if (step != raw.SQLITE_DONE)
        {
            SqliteException.ThrowExceptionForRC(step, database);
        }
    }

    public void Dispose()
    {
        foreach (var statement in kept.Values)
        {
            statement.Dispose();
        }

        kept.Clear();
    }
}
