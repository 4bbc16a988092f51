using Npgsql;

namespace Tokenry.Server.Platform.Store;

/// <summary>A <see cref="RowStatement{TRow}"/> and the rows that it is to write.</summary>
internal abstract class PendingRows
{
    internal abstract void AddTo(NpgsqlBatch batch);

    internal abstract void Run(SqliteStatements statements);
}
