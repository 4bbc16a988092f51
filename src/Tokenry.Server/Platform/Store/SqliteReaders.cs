using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Tokenry.Server.Platform.Store;

/// <summary>Connections that only read; at most <paramref name="most"/>, created on demand.</summary>
internal sealed class SqliteReaders(string path, int most) : IDisposable
{
    private readonly ConcurrentBag<SqliteConnection> idle = [];
    private readonly SemaphoreSlim free = new(most, most);

    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read)
    {
        await free.WaitAsync();
        try
        {
            if (!idle.TryTake(out var connection))
            {
                connection = Open();
            }

            try
            {
                return await read(connection);
            }
            finally
            {
                idle.Add(connection);
            }
        }
        finally
        {
            free.Release();
        }
    }

    public void Dispose()
    {
        while (idle.TryTake(out var connection))
        {
            connection.Dispose();
        }

        free.Dispose();
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Mode = SqliteOpenMode.ReadWrite, // a WAL reader must be able to map the shared-memory file
                Pooling = false,
                DefaultTimeout = 5,
            }.ToString()
        );
        connection.Open();
        connection.Execute("PRAGMA query_only = 1; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 268435456;");
        return connection;
    }
}
