using System.Data.Common;
using Npgsql;

namespace Tokenry.Server.Platform.Store;

/// <summary>The few places where the two engines' SQL differs.</summary>
public sealed class Dialect
{
    public static readonly Dialect Sqlite = new()
    {
        Name = "sqlite",
        BlobType = "blob",
        IdType = "text",
    };

    public static readonly Dialect Postgres = new()
    {
        Name = "postgresql",
        BlobType = "bytea",
        IdType = "text COLLATE \"C\"",
        // Taken last in a mutating transaction, so that commit order is the order of `changes` and of the audit chain.
        CommitOrderLock = "SELECT 1 FROM pg_advisory_xact_lock(7600001);",
        BeginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        AdministratorsLock = "SELECT 1 FROM pg_advisory_xact_lock(7600002)",
        JoinMints = "SELECT 1 FROM pg_advisory_xact_lock_shared(7600003);",
        HoldMints = "SELECT 1 FROM pg_advisory_xact_lock(7600003)",
        Notify = "SELECT 1 FROM pg_notify('tokenry_changes', '');",
    };

    public required string Name { get; init; }

    /// <summary>A column is one of a list given as a parameter: Dapper expands lists, but hands arrays to PostgreSQL as they are.</summary>
    public string In(string column, string parameter) => this == Postgres ? $"{column} = ANY({parameter})" : $"{column} IN {parameter}";

    /// <summary>
    /// Ends a SELECT in a mutation: what is read stays as it is until COMMIT, so that an update never undoes one it has not seen. On SQLite
    /// there is one writer anyway.
    /// </summary>
    public string ForUpdate(string table) => this == Postgres ? $" FOR UPDATE OF {table}" : "";

    /// <summary>Ends a SELECT of work that one of several replicas shall do: what another is at is passed over.</summary>
    public string SkipLocked => this == Postgres ? " FOR UPDATE SKIP LOCKED" : "";

    /// <summary>Behind a table's name: the index to go by, where the planner would take another. PostgreSQL counts rows and finds it.</summary>
    public string By(string? index) => this == Sqlite && index is not null ? $" INDEXED BY {index}" : "";

    public static Dialect Of(DbConnection connection) => connection is NpgsqlConnection ? Postgres : Sqlite;

    /// <summary>The type of a column of bytes.</summary>
    public required string BlobType { get; init; }

    /// <summary>The type of a column of ids: sorted by bytes, whatever the database's collation.</summary>
    public required string IdType { get; init; }

    /// <summary>A SELECT before others that serialises the ends of mutating transactions; empty on SQLite, which has one writer anyway.</summary>
    public string CommitOrderLock { get; init; } = "";

    /// <summary>Begins a transaction in which a reader sees one moment of the store, until ROLLBACK.</summary>
    public string BeginSnapshot { get; init; } = "BEGIN TRANSACTION";

    /// <summary>A SELECT that has changes of who is an administrator wait for each other until they end; empty on SQLite.</summary>
    public string AdministratorsLock { get; init; } = "";

    /// <summary>
    /// A SELECT before others by which a mutation that mints a credential says so until it ends; empty on SQLite. Any number do so at once. An advisory lock
    /// and not one on the minting credential's row: PostgreSQL serves advisory locks in the order in which they are asked for, but lets those that share a row
    /// pass one that waits to change it.
    /// </summary>
    public string JoinMints { get; init; } = "";

    /// <summary>A SELECT that waits for those and has later ones wait; empty on SQLite.</summary>
    public string HoldMints { get; init; } = "";

    /// <summary>A SELECT before others that tells other replicas, once the transaction is durable, to poll; empty where there are none.</summary>
    public string Notify { get; init; } = "";
}
