using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Npgsql;

namespace Tokenry.Server.Tests.Composition;

/// <summary>D.4: a start that fails says why in one sentence, with what to do, and nothing else: no stack, no log of the framework.</summary>
[SupportedOSPlatform("linux")]
public sealed class FailedStartTests
{
    private static readonly UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static TheoryData<string, string> Faults =>
        new()
        {
            { "port in use", "Another process listens at http://127.0.0.1:{port}. Stop it, or listen elsewhere: --urls " },
            { "TLS port in use", "Another process listens at https://127.0.0.1:{port} (Tokenry:TlsUrl). Stop it, or name another port" },
            { "address of another machine", "this machine has no such address" },
            {
                "https without a certificate",
                "cannot listen at https://127.0.0.1:{port}: https needs a certificate. Set Kestrel:Certificates:Default:Path"
            },
            {
                "address that is none",
                "--urls 'foo' is not an address with http or https, host and port. Write --urls http://127.0.0.1:7600"
            },
            {
                "address that is a port",
                "--urls '7610' is not an address with http or https, host and port. Write --urls http://127.0.0.1:7610"
            },
            {
                "address without a scheme",
                "--urls '127.0.0.1:7614' is not an address with http or https, host and port. Write --urls http://127.0.0.1:7614"
            },
            {
                "address with a port that is none",
                "--urls 'http://127.0.0.1:99999' is not an address: a port is a number from 1 to 65535."
            },
            { "empty data directory", "Tokenry:DataDirectory is empty or no path. Name one, or leave the setting out for data." },
            {
                "empty key file setting",
                "Tokenry:KeyFile is empty or no path. Name one, or leave the setting out for {directory}/tokenry.keys."
            },
            {
                "keyword that is none",
                "is not a PostgreSQL connection string such as Host=db;Database=tokenry;Username=tokenry: it has no keyword 'databse'; did you mean Database."
            },
            { "value that does not fit", ": the value of port does not fit." },
            { "settings that are not JSON", "appsettings.json is not valid JSON at line 2, character " },
            { "settings twice", "appsettings.json cannot be read: " },
            { "empty key file", "tokenry.keys is empty. Restore it from its backup" },
            { "broken key file", "The server cannot read the key file {directory}/tokenry.keys: " },
            { "data directory that is a file", "The server cannot create the data directory " },
            { "database that is none", "SQLite {directory}/tokenry.db cannot be used: SQLite Error 26" },
            {
                "data directory of a running server",
                "Another process holds the data directory {directory}. Stop it, or set Tokenry:DataDirectory."
            },
        };

    [Theory, MemberData(nameof(Faults))]
    public async Task Is_told_in_one_sentence(string fault, string words)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        await using var other = fault.StartsWith("data directory of a running", StringComparison.Ordinal)
            ? await ServerProcess.StartAsync(Engine.Sqlite)
            : null;
        var directory = other?.DataDirectory ?? server.DataDirectory;
        Break(fault, server);
        string[] arguments = fault switch
        {
            "port in use" => ["--urls", $"http://127.0.0.1:{port}"],
            "TLS port in use" => ["--urls", server.Address, $"--Tokenry:TlsUrl=https://127.0.0.1:{port}"],
            "address of another machine" => ["--urls", "http://192.0.2.1:7600", "--Tokenry:Issuer=https://t.example.com"],
            "https without a certificate" => ["--urls", $"https://127.0.0.1:{port}", "--Tokenry:TlsUrl="],
            "address that is a port" => ["--urls", "7610"],
            "address without a scheme" => ["--urls", "127.0.0.1:7614"],
            "address with a port that is none" => ["--urls", "http://127.0.0.1:99999"],
            "empty data directory" => ["--urls", server.Address, "--Tokenry:DataDirectory="],
            "empty key file setting" => ["--urls", server.Address, "--Tokenry:KeyFile="],
            "keyword that is none" => ["--urls", server.Address, "--ConnectionStrings:Tokenry=Host=db;Databse=x;Password=hidden"],
            "value that does not fit" => ["--urls", server.Address, "--ConnectionStrings:Tokenry=Host=db;Port=abc;Password=hidden"],
            "address that is none" => ["--urls", "foo", "--Tokenry:Issuer=https://t.example.com"],
            _ => ["--urls", server.Address, $"--Tokenry:DataDirectory={directory}"],
        };
        var result = await server.RunAsync(arguments);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            words.Replace("{port}", $"{port}", StringComparison.Ordinal).Replace("{directory}", directory, StringComparison.Ordinal),
            Assert.Single(result.Error.Trim().Split('\n')),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("   at ", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\"LogLevel\":\"Error\"", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_another_role_names_the_owner_to_make()
    {
        var connection = await (await PostgresCluster.StartAsync()).CreateDatabaseAsync();
        var role = $"guest_{Guid.NewGuid():N}";
        await using (var source = NpgsqlDataSource.Create(connection))
        {
            await using var create = source.CreateCommand($"CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
            await create.ExecuteNonQueryAsync();
        }

        var guest = new NpgsqlConnectionStringBuilder(connection) { Username = role };
        await using var server = await ServerProcess.PrepareAsync(
            Engine.Postgres,
            new ServerOptions { ConnectionString = guest.ConnectionString }
        );
        foreach (var line in new string[][] { ["--urls", server.Address], ["admin", "token"] })
        {
            var result = await server.RunAsync(line);
            Assert.Equal(1, result.ExitCode);
            var sentence = Assert.Single(result.Error.Trim().Split('\n'));
            Assert.Contains("the role may not make tables there (permission denied for schema public)", sentence, StringComparison.Ordinal);
            Assert.Contains("ALTER DATABASE … OWNER TO …;", sentence, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Output, StringComparison.Ordinal);
        }
    }

    private static void Break(string fault, ServerProcess server)
    {
        var data = server.DataDirectory;
        switch (fault)
        {
            case "settings that are not JSON":
                File.WriteAllText(server.InWork("appsettings.json"), "{\n  \"Tokenry\": { \"Issuer\" }\n}");
                break;
            case "settings twice":
                File.WriteAllText(server.InWork("appsettings.json"), """{"Tokenry":{"Brand":"a1"},"tokenry":{"Brand":"b2"}}""");
                break;
            case "empty key file":
            case "broken key file":
                Directory.CreateDirectory(data, Private);
                using (var file = new FileStream(Path.Combine(data, "tokenry.keys"), NewPrivateFile))
                    file.Write(fault[0] == 'b' ? "{\"peppers\":"u8 : []);
                break;
            case "data directory that is a file":
                File.WriteAllText(data, "");
                break;
            case "database that is none":
                Directory.CreateDirectory(data, Private);
                using (var file = new FileStream(Path.Combine(data, "tokenry.db"), NewPrivateFile))
                    file.Write(
                        new byte[4096]
                            .Select((_, n) => (byte)n)
                            .ToArray()
                    );
                break;
            default:
                break;
        }
    }

    private static FileStreamOptions NewPrivateFile =>
        new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
}
