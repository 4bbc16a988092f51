using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Tests.Platform.Telemetry;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Platform.Store.Audit;

/// <summary>The signed head outside the database, <c>admin audit verify</c>, and trails that lost events (issue 13, A.7 and A.13).</summary>
[SupportedOSPlatform("linux")]
public sealed class AuditHeadTests
{
    [Theory, BothEngines]
    public async Task The_newest_event_is_signed_by_a_key_of_the_JWK_set_and_kept_outside_the_database(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        await admin.CreateApplicationAsync([]);
        var newest = await NewestAsync(server);
        await EventuallyAsync(
            async () => (await admin.GetAsync("/v1/audit/head").Expect(200)).Json.GetProperty("seq").GetInt64() == newest,
            "the head of the newest event"
        );
        var head = await admin.GetAsync("/v1/audit/head").Expect(200);
        AssertMembers(head.Json, "seq", "hash", "time", "jws");
        var row = (await admin.GetAsync("/v1/audit?limit=200").Expect(200))
            .Json.GetProperty("items")
            .EnumerateArray()
            .Single(row => row.GetProperty("seq").GetInt64() == newest);
        Assert.Equal(row.GetProperty("hash").GetString(), head.Text("hash"));
        var claims = await VerifiedAsync(server, head.Text("jws"));
        Assert.Equal((newest, head.Text("hash")), (claims.GetProperty("seq").GetInt64(), claims.GetProperty("hash").GetString()));

        var file = HeadFile(server);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(head.Text("jws"), (await File.ReadAllTextAsync(file)).Trim());

        // And at shutdown, at once.
        await admin.CreateApplicationAsync([]);
        await server.StopAsync();
        await VerifyAsync(server, 0, "audit: whole.", $"head {await NewestAsync(server)} of");
    }

    [Theory, BothEngines]
    public async Task A_head_is_no_access_token_and_needs_the_right_to_read_the_trail(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var head = await admin.GetAsync("/v1/audit/head").Expect(200);
        await server.Client().With(head.Text("jws")).GetAsync("/v1/me").Expect(401, "invalid_token");
        Assert.Equal("malformed", await admin.CodeAsync(head.Text("jws")));
        var other = await admin.CallerAsync("users:read");
        await other.Client.GetAsync("/v1/audit/head").Expect(403, "insufficient_scope");
        await server.Client().GetAsync("/v1/audit/head").Expect(401);
    }

    /// <summary>One trail, put back after each edit: a server for each would be most of the work.</summary>
    [Theory, BothEngines]
    public async Task Verify_names_what_is_wrong_with_a_stopped_server(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        for (var i = 0; i < 3; i++)
            await admin.CreateApplicationAsync([]);
        await server.StopAsync();
        await VerifyAsync(server, 0, "audit: whole. ", " events, 1 to ");
        await server.ExecuteAsync("CREATE TABLE kept AS SELECT * FROM audit_events");
        foreach (
            var (edit, fault) in new[]
            {
                ("UPDATE audit_events SET actor = 'usr_x' WHERE seq = 2", "event 2 was changed"),
                ("UPDATE audit_events SET changes = '[]' WHERE seq = 2", "event 2 was changed"),
                ("DELETE FROM audit_events WHERE seq = 2", "event 2 is missing"),
                ("DELETE FROM audit_events WHERE seq = 1", "event 1 is missing"),
                ("DELETE FROM audit_events WHERE seq > 3", "The newest "),
                ("DELETE FROM audit_events", "The newest "),
            }
        )
        {
            await server.ExecuteAsync(edit);
            await VerifyAsync(server, 1, "audit: BROKEN", fault);
            await server.ExecuteAsync("DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM kept");
        }

        await VerifyAsync(server, 0, "audit: whole. ", " events, 1 to ");
    }

    [Theory, BothEngines]
    public async Task Verify_asks_the_running_server(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        await admin.CreateApplicationAsync([]);
        await EventuallyAsync(() => Task.FromResult(File.Exists(HeadFile(server))), "a head");
        await VerifyAsync(server, 0, "audit: whole.");
        await server.ExecuteAsync("UPDATE audit_events SET reason = 'nothing happened' WHERE seq = 2");
        await VerifyAsync(server, 1, "audit: BROKEN", "event 2 was changed");
    }

    [Theory, BothEngines]
    public async Task Verify_does_not_trust_a_head_that_was_changed_or_is_gone(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await server.AdminAsync();
        await server.StopAsync();
        var file = HeadFile(server);
        var parts = (await File.ReadAllTextAsync(file)).Trim().Split('.');
        var claims = Encoding.UTF8.GetString(Convert.FromBase64String(Padded(parts[1])));
        var moved = claims.Replace("\"seq\":2", "\"seq\":1", StringComparison.Ordinal);
        Assert.NotEqual(claims, moved);
        await File.WriteAllTextAsync(file, $"{parts[0]}.{StrictBase64Url.Encode(Encoding.UTF8.GetBytes(moved))}.{parts[2]}\n");
        await VerifyAsync(server, 1, "audit: BROKEN", "was changed, or was not made with this key file");
        File.Delete(file);
        await VerifyAsync(server, 1, "audit: BROKEN", "There is no head at");
    }

    [Fact]
    public async Task Verify_makes_no_store_where_there_is_none()
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        var answer = (await server.RunAsync("admin", "audit", "verify")).Expect(1);
        Assert.Contains("There is no store in", answer.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(server.DataDirectory, "tokenry.db")));
    }

    /// <summary>A.7: the newest rows were deleted in the live database, and nothing noticed.</summary>
    [Theory, BothEngines]
    public async Task Newest_events_that_are_deleted_in_the_live_database_are_noticed_at_the_next_append(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        for (var i = 0; i < 4; i++)
            await admin.CreateApplicationAsync([]);
        var newest = await NewestAsync(server);
        await server.ExecuteAsync($"DELETE FROM audit_events WHERE seq > {newest - 3}");
        await admin.CreateApplicationAsync([]);

        await ToldAsync(server, admin, "store.rolled_back", newest);
        var again = (await admin.GetAsync("/v1/audit?action=store.rolled_back").Expect(200)).Json.GetProperty("items");
        Assert.Equal(1, again.GetArrayLength());
        await EventuallyAsync(async () => (await server.RunAsync("admin", "audit", "verify")).ExitCode == 0, "a new head");
        await VerifyAsync(server, 0, "audit: whole.", "It lost events before");
    }

    /// <summary>A new PostgreSQL store in the directory of the SQLite one was said to be rolled back, and the old one to be rewritten.</summary>
    [Fact]
    public async Task Two_stores_of_one_directory_have_a_head_each_and_the_other_one_is_told_once()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Sqlite);
        var admin = await one.AdminAsync();
        for (var i = 0; i < 5; i++)
            await admin.CreateApplicationAsync([]);
        await one.StopAsync();
        await using var two = await ServerProcess.StartAsync(Engine.Postgres, new ServerOptions { DataDirectory = one.DataDirectory });
        var told = (await SignalsAsync(two)).Single(signal => signal.Action == "store.replaced").Reason;
        Assert.Matches("^The audit head .*/audit-head is of another store, sto_[0-9A-Za-z]{22}, at event [0-9]+ ", told);
        Assert.Contains(two.StandardOutput, line => line.Contains("store.replaced: The audit head", StringComparison.Ordinal));
        await two.StopAsync();
        await VerifyAsync(two, 0, "audit: whole.");
        Assert.Equal(2, (await File.ReadAllLinesAsync(HeadFile(one))).Length);

        await VerifyAsync(one, 0, "audit: whole.");
        await one.LaunchAsync();
        Assert.Empty(await SignalsAsync(one));
        await one.StopAsync();
        await two.LaunchAsync();
        Assert.Single(await SignalsAsync(two));
        await two.StopAsync();

        // Each is compared with its own.
        var newest = await NewestAsync(one);
        await one.ExecuteAsync($"DELETE FROM audit_events WHERE seq > {newest - 3}");
        await VerifyAsync(one, 1, "audit: BROKEN", "The newest 3 audit events are gone");
        await one.LaunchAsync();
        Assert.Equal("store.rolled_back", (await SignalsAsync(one)).Single().Action);
    }

    [Fact]
    public async Task Verify_of_a_store_whose_head_is_not_there_says_whose_is()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Sqlite);
        await one.AdminAsync();
        await one.StopAsync();
        File.Delete(Path.Combine(one.DataDirectory, "tokenry.db"));
        (await one.RunAsync("admin", "token")).Expect(0); // another store, without a server
        await VerifyAsync(one, 1, "audit: BROKEN", "is of another store, sto_");
    }

    /// <summary>For the first ten seconds the head on disk was the one from before the restore, or there was none.</summary>
    [Fact]
    public async Task A_server_that_runs_signs_a_head_before_it_verifies()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        await server.AdminAsync();
        await VerifyAsync(server, 0, "audit: whole.");
        var admin = await server.AdminAsync();
        for (var i = 0; i < 3; i++)
            await admin.CreateApplicationAsync([]);
        await server.StopAsync();
        await server.ExecuteAsync($"DELETE FROM audit_events WHERE seq > {await NewestAsync(server) - 2}");
        await server.LaunchAsync();
        await VerifyAsync(server, 0, "audit: whole.", "It lost events before", "GET /v1/audit?action=store.rolled_back");
        await server.StopAsync();
        File.Delete(HeadFile(server)); // as after an upgrade from a version without heads
        await server.LaunchAsync();
        await VerifyAsync(server, 0, "audit: whole.");
    }

    [Fact]
    public async Task Verify_names_the_event_that_tells_of_a_history_that_was_written_again()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        var admin = await server.AdminAsync();
        await server.StopAsync();
        var database = Path.Combine(server.DataDirectory, "tokenry.db");
        File.Copy(database, database + ".copy");
        await MakeAsync();
        var head = await File.ReadAllBytesAsync(HeadFile(server));
        File.Copy(database + ".copy", database, overwrite: true);
        File.Delete(HeadFile(server));
        await MakeAsync();
        await File.WriteAllBytesAsync(HeadFile(server), head);
        await server.LaunchAsync();
        await VerifyAsync(server, 0, "audit: whole.", "It was rewritten before", "GET /v1/audit?action=audit.chain_broken");
        await admin.GetAsync("/v1/audit?action=audit.chain_broken").Expect(200);

        async Task MakeAsync()
        {
            await server.LaunchAsync();
            for (var i = 0; i < 2; i++)
                await admin.CreateApplicationAsync([]);
            await server.StopAsync();
        }
    }

    [Theory, BothEngines]
    public async Task A_history_that_is_written_again_is_noticed(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var newest = await NewestAsync(server);
        // On PostgreSQL another process made the token: the server knows that event once it has looked.
        await EventuallyAsync(
            async () => (await admin.GetAsync("/v1/audit/head").Expect(200)).Json.GetProperty("seq").GetInt64() >= newest,
            "known to the server"
        );
        var zero =
            engine == Engine.Sqlite ? "zeroblob(32)" : "'\\x0000000000000000000000000000000000000000000000000000000000000000'::bytea";
        await server.ExecuteAsync($"UPDATE audit_events SET hash = {zero} WHERE seq = {newest}");
        await EventuallyAsync(
            async () =>
                (await admin.GetAsync("/v1/audit?action=audit.chain_broken").Expect(200)).Json.GetProperty("items").GetArrayLength() == 1,
            "told"
        );
    }

    /// <summary>A.13: a backup was restored, and nothing said that revoked credentials live again.</summary>
    [Theory, BothEngines]
    public async Task A_store_that_is_older_than_the_head_starts_and_says_so_everywhere(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        await admin.CreateApplicationAsync([]);
        await server.StopAsync();
        var keys = await File.ReadAllBytesAsync(Path.Combine(server.DataDirectory, "tokenry.keys"));
        var backup = await NewestAsync(server);
        await server.LaunchAsync();
        for (var i = 0; i < 3; i++)
            await admin.CreateApplicationAsync([]);
        await server.StopAsync();
        var newest = await NewestAsync(server);

        // What a backup lacks of the trail; what else it lacks does not matter here.
        await server.ExecuteAsync($"DELETE FROM audit_events WHERE seq > {backup}");
        await server.LaunchAsync();
        await ToldAsync(server, admin, "store.rolled_back", newest);
        Assert.Equal(keys, await File.ReadAllBytesAsync(Path.Combine(server.DataDirectory, "tokenry.keys")));

        // Told once: the next start goes on from there.
        await server.RestartAsync();
        Assert.Equal("ready\n", (await admin.GetAsync("/health/ready").Expect(200)).Body);
        await server.StopAsync();
        await VerifyAsync(server, 0, "audit: whole.", "It lost events before");
    }

    [Fact]
    public async Task Replicas_that_append_in_turns_notice_nothing()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Postgres);
        await using var two = await one.StartReplicaAsync();
        var admin = await one.AdminAsync();
        var other = admin.At(two.Address);
        await Task.WhenAll(
            Enumerable
                .Range(0, 40)
                .Select(number => (number % 2 == 0 ? admin : other).PostAsync("/v1/applications", new { name = $"a{number}" }).Expect(201))
        );
        for (var round = 0; round < 10; round++)
        {
            await admin.CreateApplicationAsync([]);
            await other.CreateApplicationAsync([]);
        }

        await one.StopAsync();
        await other.CreateApplicationAsync([]);
        await two.StopAsync();
        Assert.Equal(0, await one.ScalarAsync<long>("SELECT count(*) FROM audit_events WHERE result = 'signal'"));
        await VerifyAsync(two, 0, "audit: whole.");
    }

    [Theory, BothEngines]
    public async Task A_head_that_cannot_be_written_stops_nothing(Engine engine)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Tokenry:AuditHeadFile"] = "/proc/no/such/directory/head",
        };
        await using var server = await ServerProcess.StartAsync(engine, new ServerOptions { Settings = settings });
        var admin = await server.AdminAsync();
        await admin.GetAsync("/v1/audit/head").Expect(200);
        await EventuallyAsync(
            () => Task.FromResult(server.StandardOutput.Any(line => line.Contains("Tokenry:AuditHeadFile", StringComparison.Ordinal))),
            "said in the log"
        );
        Assert.Equal(0, await server.StopAsync());
    }

    /// <summary>In audit, health, log and metrics.</summary>
    private static async Task ToldAsync(ServerProcess server, ApiClient admin, string action, long lost)
    {
        await EventuallyAsync(
            async () => (await admin.GetAsync($"/v1/audit?action={action}").Expect(200)).Json.GetProperty("items").GetArrayLength() == 1,
            "told in the trail"
        );
        var row = (await admin.GetAsync($"/v1/audit?action={action}").Expect(200)).Json.GetProperty("items")[0];
        Assert.Equal(("system", "signal"), (row.GetProperty("actor").GetString(), row.GetProperty("result").GetString()));
        Assert.Contains($"event {lost} ", row.GetProperty("reason").GetString(), StringComparison.Ordinal);
        var changes = row.GetProperty("changes").EnumerateArray().ToDictionary(change => change.GetProperty("member").GetString()!);
        Assert.Equal(lost, changes["seq"].GetProperty("before").GetInt64());
        Assert.Equal(lost - 3, changes["seq"].GetProperty("after").GetInt64());
        Assert.Contains("hash", changes.Keys);
        Assert.Contains("at", changes.Keys);
        Assert.StartsWith(
            $"ready\n{action} events=3 seconds=",
            (await admin.GetAsync("/health/ready").Expect(200)).Body,
            StringComparison.Ordinal
        );
        Assert.Contains(
            server.StandardOutput,
            line => line.Contains($"{action}: The newest 3 audit events are gone", StringComparison.Ordinal)
        );
        var scrape = await Scrape.UntilAsync(server, scrape => scrape["tokenry_audit_missing_events"] >= 3);
        Assert.Equal(1, scrape[$"tokenry_audit_faults_total{{fault=\"{action}\"}}"]);
    }

    private static async Task<List<(string Action, string Reason)>> SignalsAsync(ServerProcess server)
    {
        var events = (await (await server.AdminAsync()).GetAsync("/v1/audit?result=signal").Expect(200)).Json.GetProperty("items");
        return
        [
            .. events
                .EnumerateArray()
                .Select(item => (item.GetProperty("action").GetString()!, item.GetProperty("reason").GetString()!))
                .Where(item => item.Item1.StartsWith("store.", StringComparison.Ordinal) || item.Item1 == "audit.chain_broken"),
        ];
    }

    private static async Task VerifyAsync(ServerProcess server, int exitCode, params string[] words)
    {
        var answer = (await server.RunAsync("admin", "audit", "verify")).Expect(exitCode);
        Assert.All(words, word => Assert.Contains(word, answer.Output, StringComparison.Ordinal));
    }

    private static Task<long> NewestAsync(ServerProcess server) => server.ScalarAsync<long>("SELECT max(seq) FROM audit_events");

    private static string HeadFile(ServerProcess server) => Path.Combine(server.DataDirectory, "audit-head");

    /// <summary>As a stranger verifies it who has the JWK set and nothing else.</summary>
    private static async Task<JsonElement> VerifiedAsync(ServerProcess server, string jws)
    {
        Assert.True(CompactJws.TryParse(Encoding.ASCII.GetBytes(jws), out var parsed));
        var (keyId, payload) = (parsed.Header.KeyId, parsed.Payload);
        Assert.Equal("audit-head+jwt", parsed.Header.Type);
        var set = (await server.Client().GetAsync("/.well-known/jwks.json").Expect(200)).Json;
        var jwk = set.GetProperty("keys").EnumerateArray().Single(key => key.GetProperty("kid").GetString() == keyId);
        Assert.True(VerificationKey.TryImport(jwk, out var key));
        using (key)
        {
            Assert.True(CompactJws.TryParse(Encoding.ASCII.GetBytes(jws), out parsed));
            Assert.True(parsed.IsSignedBy(key));
        }

        using var document = JsonDocument.Parse(payload);
        return document.RootElement.Clone();
    }

    private static string Padded(string part) => part.Replace('-', '+').Replace('_', '/').PadRight((part.Length + 3) / 4 * 4, '=');
}
