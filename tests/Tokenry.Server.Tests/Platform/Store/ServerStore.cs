using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Tokenry.Server.Tests.Platform.Store;

/// <summary>The database of a server, opened by another hand: what somebody may do who can write it and holds no key.</summary>
internal static class ServerStore
{
    public static async Task<int> ExecuteAsync(this ServerProcess server, string sql)
    {
        await using var connection = Open(server);
        await connection.OpenAsync();
        return await connection.ExecuteAsync(sql);
    }

    public static async Task<T> ScalarAsync<T>(this ServerProcess server, string sql)
    {
        await using var connection = Open(server);
        await connection.OpenAsync();
        return (await connection.ExecuteScalarAsync<T>(sql))!;
    }

    private static DbConnection Open(ServerProcess server)
    {
        if (server.Engine == Engine.Postgres)
            return new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        return new SqliteConnection($"Data Source={server.DataDirectory}/tokenry.db;Pooling=False;Default Timeout=10");
    }
}
