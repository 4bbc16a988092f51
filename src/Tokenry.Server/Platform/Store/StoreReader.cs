using System.Data.Common;
using Dapper;

namespace Tokenry.Server.Platform.Store;

/// <summary>Runs queries on a connection or inside a mutation, so that a query that both need is written once.</summary>
public readonly struct StoreReader
{
    private readonly DbConnection? connection;
    private readonly WriteTransaction? transaction;

    private StoreReader(DbConnection? connection, WriteTransaction? transaction) =>
        (this.connection, this.transaction) = (connection, transaction);

    /// <summary>Of the engine.</summary>
    public Dialect Dialect => transaction?.Dialect ?? Dialect.Of(connection!);

    /// <summary>Reads what is committed.</summary>
    public static implicit operator StoreReader(DbConnection connection) => new(connection, null);

    /// <summary>Reads what the mutation has made so far.</summary>
    public static implicit operator StoreReader(WriteTransaction transaction) => new(null, transaction);

    /// <summary>All rows.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        transaction is not null ? await transaction.QueryAsync<T>(sql, parameters) : [.. await connection!.QueryAsync<T>(sql, parameters)];

    /// <summary>The first row; <c>null</c> or the default if there is none.</summary>
    public Task<T?> FirstOrDefaultAsync<T>(string sql, object? parameters = null) =>
        transaction is not null
            ? transaction.FirstOrDefaultAsync<T>(sql, parameters)
            : connection!.QueryFirstOrDefaultAsync<T>(sql, parameters);
}
