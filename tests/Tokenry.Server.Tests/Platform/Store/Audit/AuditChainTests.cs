using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Tests.Platform.Store.Audit;

public sealed class AuditChainTests
{
    [Theory, BothEngines]
    public async Task Rows_as_they_were_written_verify(Engine engine)
    {
        await using var store = await WithEventsAsync(engine);
        Assert.Equal((6L, null), await store.VerifyAsync());
        var check = await store.Chain.CheckAsync(store.Database);
        Assert.Equal((6, null, 6), (check.Events, check.Fault, check.Last!.Seq));
        Assert.True(check.Last.IsAs(store.Chain.Newest!));
    }

    [Theory, BothEngines]
    public async Task An_empty_trail_verifies(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        Assert.Equal((0L, null), await store.VerifyAsync());
    }

    [Theory, BothEngines]
    public async Task A_change_of_any_column_is_found(Engine engine)
    {
        await using var store = await WithEventsAsync(engine);
        string[] texts =
        [
            "id",
            "actor",
            "credential_id",
            "action",
            "target_type",
            "target_id",
            "api",
            "result",
            "reason",
            "ip_pseudonym",
            "agent",
            "request_id",
            "changes",
            "organization_id",
        ];
        string[] edits =
        [
            .. texts.SelectMany(column => new[] { $"{column} = {column} || '!'", $"{column} = ''" }),
            "at = at + 1",
            "count = 2",
        ];
        foreach (var edit in edits)
            await FindsAsync(store, edit, "event 3 was changed");
        foreach (var column in texts.Where(column => column is not ("id" or "actor" or "action" or "result")))
            await FindsAsync(store, $"{column} = NULL", "event 3 was changed");
        await FindsAsync(store, "ip = '10.0.0.99'", "the address of event 3 was changed");
        await FindsAsync(store, "personal = replace(personal, 'Bob', 'Eve')", "the personal data of event 3 were changed");
        await FindsAsync(store, "personal = 'x'", "the personal data of event 3 were changed");
        await FindsAsync(store, "hash = (SELECT hash FROM audit_events WHERE seq = 2)", "event 3 was changed");
        await FindsAsync(store, "prev = (SELECT prev FROM audit_events WHERE seq = 2)", "event 3 does not follow event 2");
        Assert.Equal((6L, null), await store.VerifyAsync());
    }

    [Theory]
    [BothEngines("DELETE FROM audit_events WHERE seq = 3", "event 3 is missing")]
    [BothEngines("DELETE FROM audit_events WHERE seq = 1", "event 1 is missing")]
    // The gap closed again, so that only the chain can tell.
    [BothEngines(
        "DELETE FROM audit_events WHERE seq = 3; UPDATE audit_events SET seq = 3 WHERE seq = 4; "
            + "UPDATE audit_events SET seq = 4 WHERE seq = 5; UPDATE audit_events SET seq = 5 WHERE seq = 6",
        "event 3 does not follow event 2"
    )]
    // Two rows in each other's place.
    [BothEngines(
        "UPDATE audit_events SET seq = 99 WHERE seq = 3; UPDATE audit_events SET seq = 3 WHERE seq = 4; "
            + "UPDATE audit_events SET seq = 4 WHERE seq = 99",
        "event 3 does not follow event 2"
    )]
    // Moved together with their links: then the sequence number does not fit the hash.
    [BothEngines(
        "UPDATE audit_events SET seq = 99 WHERE seq = 3; UPDATE audit_events SET seq = 3 WHERE seq = 4; "
            + "UPDATE audit_events SET seq = 4 WHERE seq = 99; "
            + "UPDATE audit_events SET prev = (SELECT hash FROM audit_events WHERE seq = 2) WHERE seq = 3; "
            + "UPDATE audit_events SET prev = (SELECT hash FROM audit_events WHERE seq = 3) WHERE seq = 4",
        "event 3 was changed"
    )]
    public async Task A_row_taken_out_or_moved_is_found(Engine engine, string statements, string fault)
    {
        await using var store = await WithEventsAsync(engine);
        foreach (var statement in statements.Split("; "))
            await store.ExecuteAsync(statement);
        Assert.Equal(fault, (await store.VerifyAsync()).Fault);
    }

    [Theory, BothEngines]
    public async Task An_address_can_be_erased_and_the_chain_goes_on(Engine engine)
    {
        await using var store = await WithEventsAsync(engine);
        await store.ExecuteAsync("UPDATE audit_events SET ip = NULL, personal = NULL");
        await store.Database.WriteAsync(tx =>
        {
            tx.Record(Event(7));
            return Task.FromResult(0);
        });
        Assert.Equal((7L, null), await store.VerifyAsync());
    }

    [Theory, BothEngines]
    public async Task An_address_is_not_in_its_pseudonym_and_two_stores_name_it_differently(Engine engine)
    {
        await using var one = await WithEventsAsync(engine);
        await using var two = await WithEventsAsync(engine);
        var names = new[] { await PseudonymAsync(one), await PseudonymAsync(two) };
        Assert.NotEqual(names[0], names[1]);
        Assert.All(names, name => Assert.Equal(32, name.Length));

        static Task<string> PseudonymAsync(TestStore store) =>
            store.ReadAsync(connection =>
                Dapper.SqlMapper.QuerySingleAsync<string>(connection, "SELECT ip_pseudonym FROM audit_events WHERE seq = 1")
            );
    }

    /// <summary>Events of versions that recorded no changes verify as they did; the canonical form is written out here on purpose.</summary>
    [Fact]
    public void The_hash_of_an_event_without_changes_is_what_it_always_was()
    {
        var key = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        var row = new AuditRow
        {
            Seq = 258,
            Id = "evt_1",
            At = 5,
            Actor = "usr_1",
            Action = "user.updated",
            TargetType = "user",
            TargetId = "usr_2",
            Result = "success",
            IpPseudonym = "aa",
            Agent = "curl",
            RequestId = "req_1",
            Count = 1,
            Prev = new byte[32],
        };
        const string Json =
            """{"id":"evt_1","at":5,"actor":"usr_1","credential_id":null,"action":"user.updated","target_type":"user","target_id":"usr_2","api":null,"result":"success","reason":null,"ip_pseudonym":"aa","agent":"curl","request_id":"req_1","count":1}""";
        byte[] written = [0, 0, 0, 0, 0, 0, 1, 2, .. new byte[32], .. System.Text.Encoding.UTF8.GetBytes(Json)];
        Assert.Equal(System.Security.Cryptography.HMACSHA256.HashData(key, written), row.ComputeHash(key));
    }

    [Fact]
    public void Secrets_are_stored_as_digests_and_what_is_too_long_too()
    {
        var key = new byte[32];
        var stored = StoredChanges.Of(
            [AuditChanges.Of("password", null, "$argon$hash"), AuditChanges.Of("description", null, new string('x', 9000))],
            key
        );
        Assert.DoesNotContain("argon", stored.Changes, StringComparison.Ordinal);
        Assert.Null(stored.Personal);
        var read = stored.Read()!;
        Assert.Matches("^{\"digest\":\"[0-9a-f]{32}\"}$", read[0].After!.Value.GetRawText());
        Assert.Matches("^{\"digest\":\"[0-9a-f]{32}\",\"length\":9002}$", read[1].After!.Value.GetRawText());
    }

    /// <summary>Edits event 3, expects the fault, and puts it back.</summary>
    private static async Task FindsAsync(TestStore store, string edit, string fault)
    {
        await store.ExecuteAsync("CREATE TABLE saved AS SELECT * FROM audit_events WHERE seq = 3");
        await store.ExecuteAsync($"UPDATE audit_events SET {edit} WHERE seq = 3");
        Assert.Equal((2L, fault), await store.VerifyAsync());
        await store.ExecuteAsync("DELETE FROM audit_events WHERE seq = 3");
        await store.ExecuteAsync("INSERT INTO audit_events SELECT * FROM saved");
        await store.ExecuteAsync("DROP TABLE saved");
    }

    private static async Task<TestStore> WithEventsAsync(Engine engine)
    {
        var store = await TestStore.OpenAsync(engine);
        // Two transactions, one of which has several events: both kinds of link.
        foreach (var numbers in new[] { new[] { 1, 2, 3, 4 }, [5, 6] })
        {
            await store.Database.WriteAsync(tx =>
            {
                foreach (var number in numbers)
                    tx.Record(Event(number));
                return Task.FromResult(0);
            });
        }
        return store;
    }

    private static AuditEntry Event(int number) =>
        new()
        {
            Id = $"evt_{number}",
            At = number,
            Actor = "usr_1",
            CredentialId = "pat_1",
            Action = "api_key.created",
            TargetType = "api_key",
            TargetId = "key_1",
            Api = "https://api.example.com",
            Reason = "why \"not\"? ✓",
            Ip = $"10.0.0.{number}",
            Agent = "curl/8",
            RequestId = $"req_{number}",
            OrganizationId = "org_1",
            Changes = [AuditChanges.Of("name", "Bob", "Robert"), AuditChanges.Of("enabled", true, false)],
        };
}
