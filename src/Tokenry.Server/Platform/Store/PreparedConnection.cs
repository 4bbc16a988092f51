using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// The writing connection of SQLite for Dapper, which creates a command for every statement. Here a new command reuses the statement that SQLite prepared when
/// the same SQL ran before, because preparing takes SQLite longer than running. For one thread.
/// </summary>
internal sealed class PreparedConnection(SqliteConnection connection) : DbConnection
{
    /// <summary>More than the server has statements. SQL with an expanded list differs each time and must not fill the memory.</summary>
    private const int MostKept = 512;

    private const int LongestKept = 4096;

    private readonly Dictionary<string, SqliteCommand> kept = new(StringComparer.Ordinal);

    [AllowNull]
    public override string ConnectionString
    {
        get => connection.ConnectionString;
        set => throw new NotSupportedException();
    }

    public override string Database => connection.Database;

    public override string DataSource => connection.DataSource;

    public override string ServerVersion => connection.ServerVersion;

    public override ConnectionState State => connection.State;

    public override void ChangeDatabase(string databaseName) => throw new NotSupportedException();

    public override void Open() => connection.Open();

    public override void Close() => connection.Close();

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => throw new NotSupportedException();

    protected override DbCommand CreateDbCommand() => new Command(this);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var command in kept.Values)
            {
                command.Dispose();
            }

            kept.Clear();
        }

        base.Dispose(disposing);
    }

    /// <summary>Returns a command for exclusive use until it is returned.</summary>
    private SqliteCommand Take(string sql, out bool isKnown)
    {
        isKnown = kept.Remove(sql, out var command);
        if (command is null)
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
        }

        return command;
    }

    private void PutBack(SqliteCommand command)
    {
        command.Parameters.Clear(); // a secret's hash must not stay in memory
        if (kept.Count >= MostKept || command.CommandText.Length > LongestKept || !kept.TryAdd(command.CommandText, command))
        {
            command.Dispose();
        }
    }

    /// <summary>Dapper sets the SQL, adds parameters, executes once and disposes.</summary>
    private sealed class Command(PreparedConnection owner) : DbCommand
    {
        private SqliteCommand? inner;

        /// <summary>SQL that runs once is not prepared in advance. The later statements of a migration cannot be prepared before the first ones ran.</summary>
        private bool isKnown;
        private bool isRewritten;

        [AllowNull]
        public override string CommandText
        {
            get => inner?.CommandText ?? "";
            set
            {
                if (inner is null)
                {
                    inner = owner.Take(value ?? "", out isKnown);
                    return;
                }

                // Dapper sets the SQL again when it expands a list, and keeps filling the same parameters.
                inner.CommandText = value;
                isRewritten = true;
            }
        }

        public override int CommandTimeout
        {
            get => Inner.CommandTimeout;
            set => Inner.CommandTimeout = value;
        }

        public override CommandType CommandType
        {
            get => CommandType.Text;
            set => _ = value;
        }

        public override bool DesignTimeVisible { get; set; }

        public override UpdateRowSource UpdatedRowSource { get; set; }

        protected override DbConnection? DbConnection
        {
            get => owner;
            set => _ = value;
        }

        protected override DbParameterCollection DbParameterCollection => Inner.Parameters;

        protected override DbTransaction? DbTransaction { get; set; }

        private SqliteCommand Inner => inner ?? throw new InvalidOperationException("The command has no SQL yet.");

        public override void Cancel() { }

        public override int ExecuteNonQuery() => Prepared().ExecuteNonQuery();

        public override object? ExecuteScalar() => Prepared().ExecuteScalar();

        public override void Prepare() => Inner.Prepare();

        protected override DbParameter CreateDbParameter() => new SqliteParameter();

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Prepared().ExecuteReader(behavior);

        protected override void Dispose(bool disposing)
        {
            if (disposing && inner is { } used)
            {
                inner = null;
                owner.PutBack(used);
            }

            base.Dispose(disposing);
        }

        private SqliteCommand Prepared()
        {
            if (isRewritten)
            {
                var written = Inner;
                inner = owner.Take(written.CommandText, out isKnown);
                inner.Parameters.AddRange(written.Parameters.Cast<SqliteParameter>().ToArray());
                written.Dispose();
            }

            if (isKnown)
            {
                Inner.Prepare();
            }

            return Inner;
        }
    }
}
