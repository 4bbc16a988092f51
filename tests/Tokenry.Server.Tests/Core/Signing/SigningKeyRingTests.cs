using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Core.Signing;

/// <summary>What the server's keys do without the server, where what other replicas do can be put in order.</summary>
public sealed class SigningKeyRingTests
{
    /// <summary>A dump has the private key in no column, whole or in its parts.</summary>
    [Theory, BothEngines]
    public async Task The_private_key_is_in_the_store_only_sealed(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var made = await MakeAsync(store, "RS256");
        var row = await store.ReadAsync(async connection =>
            (IDictionary<string, object?>)await connection.QuerySingleAsync("SELECT * FROM signing_keys WHERE algorithm = 'RS256'")
        );
        var columns = row.Values.OfType<byte[]>().ToList();
        Assert.Equal(2, columns.Count);
        var pkcs8 = store.Keys.Open((byte[])row["sealed_private_key"]!, $"signing_key:access_token:{made.KeyId}");
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(pkcs8, out _);
        var parts = rsa.ExportParameters(includePrivateParameters: true);
        foreach (var secret in new[] { pkcs8, parts.D!, parts.P!, parts.Q!, parts.DP!, parts.DQ! })
            Assert.All(columns, column => Assert.Equal(-1, column.AsSpan().IndexOf(secret)));

        // Sealed for this id: under another it does not open, nor does a changed byte.
        var sealedKey = made.SealedPrivateKey;
        Assert.ThrowsAny<CryptographicException>(() => store.Keys.Open(sealedKey, SigningKeyStore.SealPurpose("another")));
        sealedKey[^1] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => store.Keys.Open(sealedKey, SigningKeyStore.SealPurpose(made.KeyId)));
    }

    [Theory, BothEngines]
    public async Task A_key_is_prepared_once_and_kept_once(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        using var keys = await OpenAsync(store, store.Database, store.Hub);
        Assert.Null(await keys.PrepareAsync("ES256"));
        Assert.Throws<InvalidOperationException>(() => keys.Active("RS256"));
        var prepared = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => keys.PrepareAsync("RS256")));
        var key = Assert.Single(prepared.Distinct())!;
        Assert.Same(key, await keys.PrepareAsync("RS256")); // nothing came of the others
        Assert.Equal(1, await store.CountAsync("signing_keys"));

        var inserted = await Task.WhenAll(prepared.Select(one => InsertAsync(store.Database, one!)));
        Assert.Single(inserted, wasFirst => wasFirst);
        Assert.False(await InsertAsync(store.Database, NewSigningKey.Make("RS256", store.Keys)));
        Assert.Null(await keys.PrepareAsync("RS256"));
        Assert.Equal(key.KeyId, keys.Active("RS256").KeyId);
        Assert.Equal(2, await store.CountAsync("signing_keys"));
    }

    /// <summary>Each way alone: nothing tells this replica of the change.</summary>
    [Fact]
    public async Task A_replica_learns_a_key_when_it_needs_one()
    {
        await using var store = await TestStore.OpenAsync(Engine.Postgres);
        await using var otherDoor = store.Open(new ChangeHub());
        using var forCatalog = await OpenAsync(store, otherDoor, new ChangeHub());
        using var forUnknownKey = await OpenAsync(store, otherDoor, new ChangeHub());
        var toldHub = new ChangeHub();
        using var told = await OpenAsync(store, otherDoor, toldHub);
        var es256 = told.Active("ES256");
        Assert.False(await forUnknownKey.LearnAsync());
        var before = await told.JwkSetAsync();
        var made = await MakeAsync(store, "RS256");

        await forCatalog.HoldAsync(["ES256", "RS256"]);
        Assert.Equal(made.KeyId, forCatalog.Active("RS256").KeyId);
        Assert.Null(forUnknownKey.Find(made.KeyId));
        Assert.True(await forUnknownKey.LearnAsync());
        Assert.Equal("RS256", forUnknownKey.Find(made.KeyId)!.Algorithm);
        Assert.False(await forUnknownKey.LearnAsync());

        Assert.Same(before, await told.JwkSetAsync());
        toldHub.Publish([new Change(ChangeKind.SigningKey, made.KeyId)]);
        var after = await told.JwkSetAsync();
        Assert.NotSame(before, after);
        Assert.Same(after, await told.JwkSetAsync());
        Assert.Same(es256, told.Active("ES256")); // somebody may be signing with it
    }

    /// <summary>Strangers' tokens name keys that never were: however many at once, the store is asked once for all who wait.</summary>
    [Fact]
    public async Task Any_number_of_unknown_keys_costs_one_read_at_a_time()
    {
        await using var store = await TestStore.OpenAsync(Engine.Postgres);
        await using var slow = new HeldDatabase(store);
        using var keys = await OpenAsync(store, slow, new ChangeHub());
        var before = slow.Reads;
        slow.Hold();
        var first = keys.LearnAsync().AsTask();
        var others = Enumerable.Range(0, 200).Select(_ => keys.LearnAsync().AsTask()).ToArray();
        Assert.Equal(before + 1, slow.Reads);
        slow.Release();
        Assert.All(await Task.WhenAll([first, .. others]), Assert.False);
        Assert.Equal(before + 2, slow.Reads); // the first began before the others came
    }

    [Fact]
    public async Task The_published_set_needs_no_store_and_catches_up_when_it_is_back()
    {
        await using var store = await TestStore.OpenAsync(Engine.Postgres);
        await using var away = new HeldDatabase(store);
        var hub = new ChangeHub();
        using var keys = await OpenAsync(store, away, hub);
        var before = await keys.JwkSetAsync();
        await MakeAsync(store, "RS256");
        away.IsAway = true;
        hub.Reset();
        Assert.Same(before, await keys.JwkSetAsync());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => keys.LearnAsync().AsTask());
        Assert.Equal("ES256", keys.Active("ES256").Algorithm);
        away.IsAway = false;
        Assert.NotSame(before, await keys.JwkSetAsync());
    }

    private static async Task<SigningKeyRing> OpenAsync(TestStore store, Database database, ChangeHub hub)
    {
        var keys = new SigningKeyRing(database, store.Keys, hub, store.Time);
        await keys.OpenAsync();
        return keys;
    }

    private static async Task<NewSigningKey> MakeAsync(TestStore store, string algorithm)
    {
        var made = NewSigningKey.Make(algorithm, store.Keys);
        Assert.True(await InsertAsync(store.Database, made));
        return made;
    }

    private static Task<bool> InsertAsync(Database database, NewSigningKey key) =>
        database.WriteAsync(tx => SigningKeyStore.InsertActiveAsync(tx, key, DateTimeOffset.UnixEpoch));

    /// <summary>A door to the store whose reads are counted, and wait or fail when told to.</summary>
    private sealed class HeldDatabase(TestStore store) : Database(store.Time)
    {
        private TaskCompletionSource? held;

        public int Reads { get; private set; }

        public bool IsAway { get; set; }

        public override Dialect Dialect => store.Database.Dialect;

        public override string Description => store.Database.Description;

        public void Hold() => held = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => held!.SetResult();

        public override async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read)
        {
            Reads++;
            if (IsAway)
                throw new StoreUnavailableException("Away.");
            if (held is { } wait)
                await wait.Task;
            return await store.Database.ReadAsync(read);
        }

        public override Task MigrateAsync(
            IReadOnlyList<Migration> migrations,
            bool makesStore = true,
            Action<SchemaChange>? beginning = null
        ) => store.Database.MigrateAsync(migrations, makesStore, beginning);

        public override ValueTask DisposeAsync() => default; // the store's own

        protected override Task<T> TransactAsync<T>(Func<WriteTransaction, Task<T>> operation) => store.Database.WriteAsync(operation);
    }
}
