using System.Data.Common;
using Npgsql;

namespace Tokenry.Server.Platform.Store;

/// <summary>The differences between the SQL of the two engines.</summary>
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
        // The last lock in a mutating transaction, so that commit order is the order of `changes` and of the audit chain.
        CommitOrderLock = "SELECT 1 FROM pg_advisory_xact_lock(7600001);",
        BeginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        AdministratorsLock = "SELECT 1 FROM pg_advisory_xact_lock(7600002)",
        JoinMints = "SELECT 1 FROM pg_advisory_xact_lock_shared(7600003);",
        HoldMints = "SELECT 1 FROM pg_advisory_xact_lock(7600003)",
        Notify = "SELECT 1 FROM pg_notify('tokenry_changes', '');",
    };

    public required string Name { get; init; }

    /// <summary>A condition that a column equals one item of a list parameter. Dapper expands lists, but passes arrays to PostgreSQL unchanged.</summary>
    public string In(string column, string parameter) => this == Postgres ? $"{column} = ANY({parameter})" : $"{column} IN {parameter}";

    /// <summary>
    /// Ends a SELECT in a mutation: the rows stay unchanged until COMMIT, so that an update never overwrites a change that it did not see. SQLite needs none,
    /// because it has one writer.
    /// </summary>
    public string ForUpdate(string table) => this == Postgres ? $" FOR UPDATE OF {table}" : "";

    /// <summary>Ends a SELECT of work for one of several replicas: it skips rows that another replica has locked.</summary>
    public string SkipLocked => this == Postgres ? " FOR UPDATE SKIP LOCKED" : "";

    /// <summary>
    /// Follows a table's name: the index that SQLite must use where its planner would choose another. PostgreSQL has statistics and chooses it itself.
    /// </summary>
    public string By(string? index) => this == Sqlite && index is not null ? $" INDEXED BY {index}" : "";

    public static Dialect Of(DbConnection connection) => connection is NpgsqlConnection ? Postgres : Sqlite;

    /// <summary>The column type of bytes.</summary>
    public required string BlobType { get; init; }

    /// <summary>The column type of ids: sorted by bytes, independent of the database's collation.</summary>
    public required string IdType { get; init; }

    /// <summary>A SELECT before other statements that serializes the ends of mutating transactions; empty on SQLite, which has one writer.</summary>
    public string CommitOrderLock { get; init; } = "";

    /// <summary>Starts a transaction in which a reader sees one snapshot of the store, until ROLLBACK.</summary>
    public string BeginSnapshot { get; init; } = "BEGIN TRANSACTION";

    /// <summary>A SELECT that makes changes of administrators wait for each other until their transactions end; empty on SQLite.</summary>
    public string AdministratorsLock { get; init; } = "";

    /// <summary>
    /// A SELECT before other statements that registers a mutation as minting until it ends; empty on SQLite. Any number may hold this lock at once. It is an
    /// advisory lock and not a lock on the row of the minting credential. PostgreSQL grants advisory locks in the order of the requests, but lets new sharers
    /// of a row lock overtake a transaction that waits to change the row.
    /// </summary>
    public string JoinMints { get; init; } = "";

    /// <summary>A SELECT that waits for all minting mutations and makes later ones wait; empty on SQLite.</summary>
    public string HoldMints { get; init; } = "";

    /// <summary>A SELECT before other statements that tells other replicas to poll once the transaction is durable; empty if there are none.</summary>
    public string Notify { get; init; } = "";
}
