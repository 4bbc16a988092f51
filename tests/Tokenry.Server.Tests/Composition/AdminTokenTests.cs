using System.Text.Json;
using Tokenry.Server.Composition;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Composition;

/// <summary><c>admin token</c>, with and without a server beside it.</summary>
public sealed class AdminTokenTests
{
    [Theory, BothEngines]
    public async Task On_an_empty_store_it_makes_the_administrator_and_the_server_knows_the_token(Engine engine)
    {
        await using var server = await ServerProcess.PrepareAsync(engine);
        var result = (await server.RunAsync("admin", "token")).Expect(0);
        Assert.Matches("^tkr_pat_[0-9A-Za-z]{71}$", result.Output.TrimEnd('\n'));
        Assert.Matches(
            "^pat_[0-9A-Za-z]{22}: a token of the administrator, valid until .*Z\\. The server does not show it again\\.$",
            result.Error.Trim()
        );
        Assert.False(File.Exists(Path.Combine(server.DataDirectory, "initial-admin-password")));
        Assert.False(File.Exists(Path.Combine(server.DataDirectory, "server.json")));

        await server.LaunchAsync();
        var me = await server.Client(result.Output.Trim()).GetAsync("/v1/me").Expect(200);
        Assert.Equal("Administrator", me.Text("user.name"));
        // Beside the running server: another token of the same administrator.
        var another = await (await server.AdminAsync()).GetAsync("/v1/me").Expect(200);
        Assert.Equal(me.Text("user.id"), another.Text("user.id"));
    }

    [Fact]
    public async Task It_works_while_the_server_starts_and_stops()
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        var starting = server.LaunchAsync();
        var early = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => server.RunAsync("admin", "token")));
        // One of them may hold the lock just when the server wants it: then the server says so, and that is right as well.
        if (await Record.ExceptionAsync(() => starting) is { } exception)
        {
            Assert.Contains("Another process holds the data directory", exception.Message, StringComparison.Ordinal);
            await early;
            await server.LaunchAsync();
        }
        foreach (var result in await early)
            result.Expect(0);
        var late = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => server.RunAsync("admin", "token")));
        await Task.Delay(100);
        await server.StopAsync();
        foreach (var result in await late)
            result.Expect(0);
    }

    [Fact]
    public async Task A_data_directory_too_deep_for_a_socket_moves_the_socket()
    {
        var root = Directory.CreateTempSubdirectory("tokenry-deep-");
        try
        {
            var deep = Path.Combine(root.FullName, new string('d', 60), new string('e', 60));
            await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { DataDirectory = deep });
            await (await server.AdminAsync()).GetAsync("/v1/me").Expect(200);
            Assert.False(File.Exists(Path.Combine(deep, "control.sock")));
            using var state = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(deep, "server.json")));
            var socket = state.RootElement.GetProperty("control_socket").GetString()!;
            Assert.True(File.Exists(socket));
            Assert.Equal(server.ProcessId, state.RootElement.GetProperty("process_id").GetInt32());

            Assert.Equal(0, await server.StopAsync());
            Assert.False(File.Exists(Path.Combine(deep, "server.json")));
            Assert.False(Directory.Exists(Path.GetDirectoryName(socket)));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Scopes_limit_it_and_unknown_ones_are_named()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        var limited = server.Client((await server.RunAsync("admin", "token", "--scopes", "users:read")).Expect(0).Output.Trim());
        await limited.GetAsync("/v1/users").Expect(200);
        await limited.GetAsync("/v1/roles").Expect(403);
        await RefusesAsync(server, "--scopes 'users:fly' is not a management scope", "--scopes", "users:read users:fly");
        await RefusesAsync(server, "--expires-in '1y' is not valid", "--expires-in", "1y");
        await server.StopAsync(); // the same words without the server between
        await RefusesAsync(server, "--scopes '' is not a management scope", "--scopes", " ");
        await RefusesAsync(server, "--expires-in '-1h' is not valid", "--expires-in=-1h");
    }

    [Fact]
    public async Task Its_life_is_as_asked()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        foreach (var (asked, life) in new[] { (null, 86400), ("30m", 1800), ("7d", 604800) })
        {
            var me = await (await ClientAsync(asked)).GetAsync("/v1/me").Expect(200);
            var left = me.Json.GetProperty("expires_at").GetDateTimeOffset() - TimeProvider.System.GetUtcNow();
            Assert.InRange(left.TotalSeconds, life - 20, life);
        }
        var never = await (await ClientAsync("never")).GetAsync("/v1/me").Expect(200);
        Assert.True(!never.Json.TryGetProperty("expires_at", out var end) || end.ValueKind == JsonValueKind.Null);
        var brief = await ClientAsync("1s");
        await Task.Delay(1100);
        await brief.GetAsync("/v1/me").Expect(401);

        async Task<ApiClient> ClientAsync(string? expiresIn)
        {
            string[] life = expiresIn is null ? [] : ["--expires-in", expiresIn];
            return server.Client((await server.RunAsync(["admin", "token", .. life])).Expect(0).Output.Trim());
        }
    }

    [Fact]
    public async Task It_finds_the_data_directory_it_is_told()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        await using var elsewhere = await ServerProcess.PrepareAsync(Engine.Sqlite);
        var token = (await elsewhere.RunAsync("admin", "token", "--data-directory", server.DataDirectory)).Expect(0).Output.Trim();
        await server.Client(token).GetAsync("/v1/me").Expect(200);
        Assert.False(Directory.Exists(elsewhere.DataDirectory));
    }

    /// <summary>D.3: another data directory than the usual one made a second store, whose token the server did not know.</summary>
    [Theory, BothEngines]
    public async Task Without_settings_it_finds_the_server_that_runs_or_names_the_ones_that_do(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var elsewhere = new ServerOptions
        {
            Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Tokenry:DataDirectory"] = null,
                ["ConnectionStrings:Tokenry"] = null,
            },
        };
        await using var second = await ServerProcess.PrepareAsync(Engine.Sqlite, elsewhere);
        var result = await second.RunAsync("admin", "token");
        Assert.False(Directory.Exists(second.InWork("data"))); // no store was made
        if (result.ExitCode == 0)
        {
            await server.Client(result.Output.Trim()).GetAsync("/v1/me").Expect(200); // it was the only one
        }
        else
        {
            Assert.StartsWith("Which server do you mean? Say it with one of these:", result.Error, StringComparison.Ordinal);
            Assert.Contains(
                $"  --data-directory {server.DataDirectory}   (the server at {server.Address})",
                result.Error,
                StringComparison.Ordinal
            );
        }

        var named = (await second.RunAsync("admin", "token", "--data-directory", server.DataDirectory)).Expect(0);
        await server.Client(named.Output.Trim()).GetAsync("/v1/me").Expect(200);
    }

    /// <summary>The folder's own store is offered first, not the server of another folder.</summary>
    [Fact]
    public async Task A_folder_with_a_store_of_its_own_is_offered_before_the_servers_that_run()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        await using var second = await ServerProcess.PrepareAsync(
            Engine.Sqlite,
            new ServerOptions { Settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tokenry:DataDirectory"] = null } }
        );
        Directory.CreateDirectory(second.InWork("data"));
        await File.WriteAllTextAsync(second.InWork("data/tokenry.keys"), "{}");
        var result = await second.RunAsync("admin", "token");
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        var offered = result.Error.Split('\n');
        Assert.Equal($"  --data-directory {second.InWork("data")}   (the store of this folder; its server is stopped)", offered[1]);
        Assert.Contains(offered[2..], line => line.Contains(server.DataDirectory, StringComparison.Ordinal));
    }

    public static TheoryData<Engine, string> Verbs()
    {
        var verbs = new TheoryData<Engine, string>();
        foreach (var engine in new[] { Engine.Sqlite, Engine.Postgres })
        {
            foreach (var verb in AdminVerb.All.Where(verb => verb.Alone is null)) // the demonstration is for a new directory
                verbs.Add(engine, verb.Command.Words);
        }

        return verbs;
    }

    /// <summary>A mistyped directory got a new store, and the command said that it had done what it did there.</summary>
    [Theory, MemberData(nameof(Verbs))]
    public async Task No_command_makes_a_store_in_a_directory_that_is_typed(Engine engine, string verb)
    {
        await using var server = await ServerProcess.PrepareAsync(engine);
        var wrong = server.InWork("dota");
        var words = verb.Split(' ');
        var result = await server.RunAsync([.. words, "--data-directory", wrong]);
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains(
            engine == Engine.Sqlite ? $"There is no store in {wrong}." : $"There is no key file {wrong}",
            result.Error,
            StringComparison.Ordinal
        );
        Assert.False(Directory.Exists(wrong));
        if (verb != "admin token")
        {
            Assert.Equal(1, (await server.RunAsync(words)).ExitCode); // nor in the directory of the configuration
            Assert.False(Directory.Exists(server.DataDirectory));
        }

        result = await server.RunAsync([.. words, "--data-directory="]);
        Assert.Equal((1, "--data-directory is empty. Name the directory of the server's store."), (result.ExitCode, result.Error.Trim()));
    }

    [Theory, BothEngines]
    public async Task Options_that_do_not_fit_are_refused_before_a_store_is_made(Engine engine)
    {
        await using var server = await ServerProcess.PrepareAsync(engine);
        await RefusesAsync(server, "--scopes 'bad' is not a management scope", "--scopes", "bad");
        await RefusesAsync(server, "--expires-in '1y' is not valid", "--expires-in", "1y");
        Assert.False(Directory.Exists(server.DataDirectory));
    }

    /// <summary>The key file is there, but the connection string names a database without a store.</summary>
    [Fact]
    public async Task A_command_makes_no_store_in_an_empty_database()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Postgres);
        await server.AdminAsync();
        await server.StopAsync();
        await using var elsewhere = await ServerProcess.PrepareAsync(Engine.Postgres);
        foreach (var verb in new[] { "admin rotate-keys status", "admin audit verify", "admin token" })
        {
            var result = await elsewhere.RunAsync([.. verb.Split(' '), "--data-directory", server.DataDirectory]);
            Assert.Equal((1, ""), (result.ExitCode, result.Output));
            Assert.Contains("The database has no store of Tokenry.", result.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, await elsewhere.ScalarAsync<long>("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    }

    [Theory, BothEngines]
    public async Task A6_it_says_that_the_administrator_is_disabled_demoted_or_gone_and_revives_one(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var first = (await admin.GetAsync("/v1/me").Expect(200)).Text("user.id");
        var other = await admin.CreateUserAsync(["rol_0000000000000000000001"]);
        var scopes = (await admin.GetAsync("/v1/roles/rol_0000000000000000000001").Expect(200)).Json.GetProperty("permissions").Clone();
        var second = admin.With((await admin.CreatePersonalAccessTokenAsync(other.Id, new { permissions = scopes })).Secret);

        await second.PostAsync($"/v1/users/{first}/disable").Expect(200);
        await RefusesAsync(server, "The administrator admin@localhost is disabled", "--expires-in", "1h");
        await ReviveAsync(first, "was enabled and given the role administrator");

        await second.PatchAsync($"/v1/users/{first}", new { roles = new[] { "rol_0000000000000000000002" } }).Expect(200);
        await RefusesAsync(server, "The administrator admin@localhost lacks the management rights ");
        (await server.RunAsync("admin", "token", "--scopes", "users:read")).Expect(0); // which an auditor has
        await ReviveAsync(first, "was enabled and given the role administrator");

        await second.DeleteAsync($"/v1/users/{first}").Expect(204);
        await RefusesAsync(server, $"The administrator {first} was deleted");
        var made = await ReviveAsync(null, "was made");
        Assert.NotEqual(first, made);
        Assert.Equal("admin@localhost", (await second.GetAsync($"/v1/users/{made}").Expect(200)).Text("email"));

        // The same without the server between; and where nothing is amiss nothing is revived.
        await second.PostAsync($"/v1/users/{made}/disable").Expect(200);
        await server.StopAsync();
        await RefusesAsync(server, "The administrator admin@localhost is disabled");
        (await server.RunAsync("admin", "token", "--revive")).Expect(0);
        (await server.RunAsync("admin", "token", "--revive")).Expect(0);
        await server.LaunchAsync();
        var told = await second.GetAsync("/v1/audit?action=administrator.revived").Expect(200);
        var reasons = told.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("reason").GetString()!).ToList();
        Assert.Equal(4, reasons.Count);
        // Over the control socket it is whoever connected, without a server whoever runs the command: both are us.
        Assert.All(reasons, reason => Assert.EndsWith($"by the operating-system user {Me()}", reason, StringComparison.Ordinal));

        async Task<string> ReviveAsync(string? id, string words)
        {
            var revived = (await server.RunAsync("admin", "token", "--revive")).Expect(0);
            Assert.Contains(words, revived.Error, StringComparison.Ordinal);
            var me = await server.Client(revived.Output.Trim()).GetAsync("/v1/me").Expect(200);
            Assert.True(id is null || id == me.Text("user.id"));
            await server.Client(revived.Output.Trim()).GetAsync("/v1/users").Expect(200);
            return me.Text("user.id");
        }

        static string Me()
        {
            var id = File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2];
            var name = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(fields => fields[2] == id)?[0];
            return name is null ? $"uid {id}" : $"{name} (uid {id})";
        }
    }

    [Fact]
    public async Task A6_a_flag_takes_no_value()
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        var result = await server.RunAsync("admin", "token", "--revive=yes");
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("'--revive' takes no value. Leave out '=yes'.", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(server.DataDirectory));
    }

    private static async Task RefusesAsync(ServerProcess server, string words, params string[] options)
    {
        var result = await server.RunAsync(["admin", "token", .. options]);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
