using System.Net;
using Npgsql;

namespace Tokenry.Server.Platform.Store;

/// <summary>The operator's connection string with the defaults of this server. The operator's own settings win.</summary>
internal static class PostgresSettings
{
    /// <summary>
    /// A replica that freezes in a transaction loses its locks, so that the others can write. A transaction that waits longer for a lock gives up before its
    /// command times out. These are start parameters of the session, because the pool's reset would undo a SET.
    /// </summary>
    private const string Timeouts = "-c idle_in_transaction_session_timeout=10000 -c lock_timeout=4000";

    /// <summary>The same for one transaction, for use behind a pooler, where sessions are shared.</summary>
    public const string TransactionTimeouts = "SET LOCAL idle_in_transaction_session_timeout = 10000; SET LOCAL lock_timeout = 4000";

    /// <summary>Removes these limits, and limits that the operator set for the role or the database.</summary>
    public const string NoTransactionTimeouts =
        "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0";

    /// <summary>The same settings for one connection whose commands have no time limit.</summary>
    /// <inheritdoc cref="Read"/>
    public static NpgsqlConnectionStringBuilder ForMigrations(string connectionString, bool isPooled)
    {
        var builder = Read(connectionString, isPooled);
        builder.CommandTimeout = 0;
        builder.Pooling = false;
        return builder;
    }

    /// <param name="connectionString">The operator's connection string.</param>
    /// <param name="isPooled">Whether a connection pooler is between the server and PostgreSQL.</param>
    public static NpgsqlConnectionStringBuilder Read(string connectionString, bool isPooled)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "tokenry" };
        Default(builder, "Timeout", 3);
        Default(builder, "Command Timeout", 5);
        Default(builder, "Cancellation Timeout", 500);
        Default(builder, "Maximum Pool Size", 20);
        if (DemandsTls(builder))
        {
            builder.SslMode = SslMode.VerifyFull;
        }

        if (isPooled)
        {
            // In transaction mode the next statement may run on another connection, where the prepared statement is missing or belongs to another client.
            builder.MaxAutoPrepare = 0;
            builder.NoResetOnClose = true;
        }
        else
        {
            Default(builder, "Max Auto Prepare", 50);
            builder.Options = builder.Options is { Length: > 0 } own ? $"{Timeouts} {own}" : Timeouts;
        }

        return builder;
    }

    /// <summary>Whether PostgreSQL is on another host and the operator does not set how TLS authenticates it.</summary>
    public static bool DemandsTls(NpgsqlConnectionStringBuilder builder) =>
        !builder.ShouldSerialize("SSL Mode")
        && (builder.Host ?? "")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Any(host => !IsLocal(host));

    private static bool IsLocal(string host)
    {
        if (host[0] is '/' or '@') // a Unix socket
        {
            return true;
        }

        var port = host.LastIndexOf(':');
        var name = port > 0 && host.IndexOf(':') == port ? host[..port] : host;
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address);
    }

    private static void Default(NpgsqlConnectionStringBuilder builder, string key, object value)
    {
        if (!builder.ShouldSerialize(key))
        {
            builder[key] = value;
        }
    }
}
