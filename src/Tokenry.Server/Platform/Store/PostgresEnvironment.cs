using System.Security.Authentication;
using Dapper;
using Npgsql;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Store;

/// <summary>The requirements on the database, checked once at start.</summary>
internal static class PostgresEnvironment
{
    private const int OldestVersion = 14;

    /// <returns>Whether a connection pooler is between: then another session answers than the one that was opened.</returns>
    /// <exception cref="StartupException">The database cannot be used; the message says what to do.</exception>
    public static async Task<bool> IsPooledAsync(NpgsqlDataSource source, string description)
    {
        await using var connection = await OpenAsync(source);
        if (connection is null)
        {
            return true;
        }

        var found = await connection.QuerySingleAsync<Found>(
            """
            SELECT pg_backend_pid() AS pid, current_setting('server_encoding') AS encoding, current_setting('server_version_num')::int AS version,
              current_setting('idle_in_transaction_session_timeout') AS timeout
            """
        );
        if (found.Version / 10_000 < OldestVersion)
        {
            throw new StartupException($"{description} is version {found.Version / 10_000}; the server needs {OldestVersion} or newer.");
        }

        if (found.Encoding != "UTF8")
        {
            throw new StartupException(
                $"{description} has the encoding {found.Encoding}, which cannot store every name. Create a database with UTF8 "
                    + "(CREATE DATABASE tokenry OWNER tokenry ENCODING 'UTF8' TEMPLATE template0) and set ConnectionStrings:Tokenry to it."
            );
        }

        // A setting of the session start is missing, so a pooler dropped it.
        return IsAnotherSession(connection, found.Pid) || found.Timeout == "0";
    }

    /// <summary>Whether another session answers than the one that was opened, as behind a pooler.</summary>
    public static bool IsAnotherSession(NpgsqlConnection connection, int answering) => connection.ProcessID != answering;

    /// <summary>The message for the operator if TLS did not authenticate PostgreSQL; <c>null</c> for other faults.</summary>
    public static StartupException? OfTls(Exception exception, string description)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException || cause is NpgsqlException && cause.Message.Contains("SSL", StringComparison.Ordinal))
            {
                return new StartupException(
                    $"{description} is on another host, and TLS did not authenticate it ({cause.Message.TrimEnd('.')}). Give PostgreSQL a "
                        + "certificate for that name, and set its issuer in ConnectionStrings:Tokenry ('Root Certificate=/path/ca.pem'). Or set "
                        + "'SSL Mode=Require' or 'SSL Mode=Disable' there if you trust the network."
                );
            }
        }

        return null;
    }

    /// <returns><c>null</c> if a pooler refuses the session settings.</returns>
    private static async Task<NpgsqlConnection?> OpenAsync(NpgsqlDataSource source)
    {
        try
        {
            return await source.OpenConnectionAsync();
        }
        catch (PostgresException exception)
            when (exception.SqlState == PostgresErrorCodes.ProtocolViolation
                && exception.MessageText.Contains("startup parameter", StringComparison.Ordinal)
            )
        {
            return null;
        }
        catch (StoreUnavailableException)
        {
            return null; // the check at the start of the session found a pooler
        }
    }

    private sealed record Found
    {
        public int Pid { get; init; }

        public string Encoding { get; init; } = "";

        public int Version { get; init; }

        public string Timeout { get; init; } = "";
    }
}
