using System.Security.Authentication;
using Dapper;
using Npgsql;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Store;

/// <summary>What the database must be like, looked at once at start.</summary>
internal static class PostgresEnvironment
{
    private const int OldestVersion = 14;

    /// <returns>Whether a connection pooler stands between: the session that was opened is not the one that answers.</returns>
    /// <exception cref="StartupException">It cannot be used as it is; says what to do.</exception>
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
            throw new StartupException($"{description} is version {found.Version / 10_000}; {OldestVersion} or newer is needed.");
        }

        if (found.Encoding != "UTF8")
        {
            throw new StartupException(
                $"{description} has the encoding {found.Encoding}, which cannot hold every name. Make a database with UTF8 "
                    + "(CREATE DATABASE tokenry OWNER tokenry ENCODING 'UTF8' TEMPLATE template0) and set ConnectionStrings:Tokenry to it."
            );
        }

        // What the start of the session asked for does not hold: somebody between has left it out.
        return IsAnotherSession(connection, found.Pid) || found.Timeout == "0";
    }

    /// <summary>Whether another session answers than the one that was opened, as behind a pooler.</summary>
    public static bool IsAnotherSession(NpgsqlConnection connection, int answering) => connection.ProcessID != answering;

    /// <summary>What the operator must read where PostgreSQL did not prove itself; <c>null</c> where that is not the fault.</summary>
    public static StartupException? OfTls(Exception exception, string description)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException || cause is NpgsqlException && cause.Message.Contains("SSL", StringComparison.Ordinal))
            {
                return new StartupException(
                    $"{description} is on another host and did not prove itself by TLS ({cause.Message.TrimEnd('.')}). Give PostgreSQL a "
                        + "certificate for that name and name its issuer in ConnectionStrings:Tokenry ('Root Certificate=/path/ca.pem'), or write "
                        + "'SSL Mode=Require' or 'SSL Mode=Disable' there if you trust the network between."
                );
            }
        }

        return null;
    }

    /// <returns><c>null</c> where a pooler does not take what we ask of a session.</returns>
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
            return null; // seen as the session began
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
