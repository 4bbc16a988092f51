using System.Collections.Concurrent;
using System.Data.Common;
using System.Text;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Chaos.Tests.Secrets;

/// <summary>Abuse cases A5 and A6: a stolen database dump and a stolen log archive open nothing.</summary>
public sealed class DumpTests(ITestOutputHelper output)
{
    [Theory, BothEngines]
    public async Task A_dump_and_the_logs_hold_no_secret_and_no_column_opens_anything(Engine engine)
    {
        await using var scenario = await SecretScenario.PlayAsync(engine);
        var logs = await LogsAsync(scenario.Server);
        Assert.Empty(SecretForms.Found(scenario.Secrets, Encoding.UTF8.GetBytes(logs), "logs"));
        var records = await scenario.RecordsAsync();
        Assert.Contains("signal.revoked_use", records, StringComparison.Ordinal);
        Assert.Contains("\"path\":\"/hooks/tkr_***/***/***/x\"", records, StringComparison.Ordinal);
        Assert.Empty(SecretForms.Found(scenario.Secrets, Encoding.UTF8.GetBytes(records), "records"));
        var columns = await ReadColumnsAsync(scenario.Server);
        var opened = await TryAsync(scenario, columns);
        Assert.Empty(opened);

        scenario.Server.Kill(); // so that the write-ahead log is still there
        foreach (var (where, dump) in await DumpAsync(scenario.Server))
        {
            Assert.NotEqual(-1, dump.AsSpan().IndexOf(Encoding.UTF8.GetBytes(scenario.Made.ApiKey.Id))); // it is the right thing
            Assert.Empty(SecretForms.Found(scenario.Secrets, dump, where));
        }

        output.WriteLine($"{engine}: {scenario.Secrets.Count} secrets, {columns.Count} values of columns, {logs.Length} characters of log");
    }

    private static async Task<string> LogsAsync(ServerProcess server)
    {
        while (true)
        {
            var logs = string.Join('\n', server.StandardOutput.Concat(server.StandardError));
            if (
                logs.Contains("secret_in_url", StringComparison.Ordinal)
                && logs.Contains("\"LogLevel\":\"Debug\"", StringComparison.Ordinal)
            )
                return logs; // the last mistake is in it, and the level was in force
            await Task.Delay(20);
        }
    }

    [Fact]
    public void The_search_finds_what_it_should()
    {
        const string secret = "tkr_key_02x5WlL3bRI7WJsw0Y1MYl003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2fe0b3";
        var secrets = new Dictionary<string, string>(StringComparer.Ordinal) { ["key"] = secret };
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes("app_1:" + secret));
        Assert.Contains(SecretForms.Found(secrets, Encoding.ASCII.GetBytes($"Basic {basic}"), "x"), found => found.Contains("base64"));
        var inHex = Convert.ToHexStringLower(Encoding.ASCII.GetBytes("{" + secret + "}"));
        Assert.Contains(SecretForms.Found(secrets, Encoding.ASCII.GetBytes(inHex), "x"), found => found.Contains("hex"));
        Assert.Empty(SecretForms.Found(secrets, "tkr_key_…e0b3"u8.ToArray(), "x"));
    }

    /// <summary>All values of all columns of all tables, as a thief of the database would read them.</summary>
    private static async Task<IReadOnlyCollection<object>> ReadColumnsAsync(ServerProcess server)
    {
        await using DbConnection connection =
            server.Engine == Engine.Sqlite
                ? new SqliteConnection($"Data Source={server.DataDirectory}/tokenry.db;Mode=ReadOnly;Pooling=False")
                : new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        var tables = await connection.QueryAsync<string>(
            server.Engine == Engine.Sqlite
                ? "SELECT name FROM sqlite_master WHERE type = 'table'"
                : "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        );
        var values = new HashSet<object>();
        foreach (var table in tables)
        {
            await using var reader = await connection.ExecuteReaderAsync($"SELECT * FROM {table}");
            while (await reader.ReadAsync())
            {
                for (var column = 0; column < reader.FieldCount; column++)
                {
                    if (!await reader.IsDBNullAsync(column))
                        values.Add(reader.GetValue(column));
                }
            }
        }
        return values;
    }

    private static IEnumerable<string> Attempts(object value, string keyId)
    {
        var bytes = value as byte[] ?? Encoding.UTF8.GetBytes(value.ToString()!);
        if (value is not byte[])
            yield return value.ToString()!;
        yield return Encoding.Latin1.GetString(bytes);
        yield return Convert.ToHexStringLower(bytes);
        yield return Convert.ToBase64String(bytes);
        yield return Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        // The hash passed as the secret, in a string that is well-formed to the last character.
        if (bytes.Length == 32 && PublicId.TryDecode(keyId.AsSpan(keyId.IndexOf('_') + 1), out var id))
            yield return CredentialString.Create("tkr", keyId[..keyId.IndexOf('_')], id, bytes).Reveal();
    }

    private static async Task<IReadOnlyCollection<string>> TryAsync(SecretScenario scenario, IReadOnlyCollection<object> columns)
    {
        var opened = new ConcurrentQueue<string>();
        var made = scenario.Made;
        var attempts = columns
            .SelectMany(value => Attempts(value, made.ApiKey.Id).Concat(Attempts(value, made.ClientSecret.Id)))
            .Where(text => text.Length is > 0 and < 8000)
            .Distinct(StringComparer.Ordinal)
            .Select((text, number) => (text, number));
        await Parallel.ForEachAsync(
            attempts,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (attempt, _) =>
            {
                var (text, number) = attempt;
                if ((await scenario.Admin.PostAsync("/v1/verify", new { token = text }).Expect(200)).Text("code") == "valid")
                    opened.Enqueue($"verify: {text}");
                // From ever new networks, so that it is the secret that fails and not the patience with us.
                var from = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["X-Forwarded-For"] = $"10.{number / 250}.{number % 250}.1",
                };
                var token = await scenario
                    .Server.Client()
                    .FormAsync(
                        "/oauth/token",
                        [("grant_type", "client_credentials"), ("client_id", made.Application.Id), ("client_secret", text)],
                        headers: from
                    );
                if (token.Status is not (400 or 401))
                    opened.Enqueue($"client secret: {token.Status} for {text}");
            }
        );
        return opened;
    }

    private static async Task<IEnumerable<(string Where, byte[] Bytes)>> DumpAsync(ServerProcess server)
    {
        if (server.Engine == Engine.Sqlite)
        {
            var files = new[] { "tokenry.db", "tokenry.db-wal" }.Select(name => Path.Combine(server.DataDirectory, name));
            return [("tokenry.db and -wal", [.. files.SelectMany(File.ReadAllBytes)])];
        }
        var connection = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        var dump = PostgresCommands
            .Find()
            .Start(
                "pg_dump",
                Path.GetTempPath(),
                $"--host={connection.Host}",
                $"--port={connection.Port}",
                $"--username={connection.Username}",
                connection.Database!
            );
        return [("pg_dump", Encoding.UTF8.GetBytes((await ChildProcess.RunAsync(dump, TimeSpan.FromSeconds(30))).Expect(0).Output))];
    }
}
