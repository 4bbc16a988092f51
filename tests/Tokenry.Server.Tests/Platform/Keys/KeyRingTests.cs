using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Keys;

[SupportedOSPlatform("linux")]
public sealed class KeyRingTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task A_new_store_makes_its_key_file_for_the_owner_alone()
    {
        await using var store = await TestStore.OpenAsync(Engine.Sqlite);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(store.KeyFile));
        Assert.Equal(32, store.Keys.Pepper(store.Keys.PepperVersion)!.Length);
        Assert.NotEqual(store.Keys.Pepper(1), store.Keys.AuditKey);
        var again = new KeyRing();
        await again.OpenAsync(store.Database, store.KeyFile);
        Assert.Equal(store.Keys.AuditKey, again.AuditKey);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task A_key_file_others_can_read_is_refused(UnixFileMode more)
    {
        await using var store = await TestStore.OpenAsync(Engine.Sqlite);
        File.SetUnixFileMode(store.KeyFile, OwnerOnly | more);
        Assert.Equal(
            $"Other users of this machine can read the key file {store.KeyFile}. Run: chmod 600 {store.KeyFile}",
            await RefusalAsync(store)
        );
    }

    [Theory, BothEngines]
    public async Task Without_its_key_file_a_store_is_not_opened_and_none_is_made(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        File.Delete(store.KeyFile);
        var refusal = await RefusalAsync(store);
        Assert.Contains($"not at {store.KeyFile}. Copy it there from the first server", refusal, StringComparison.Ordinal);
        Assert.False(File.Exists(store.KeyFile));
    }

    [Theory, BothEngines]
    public async Task Another_stores_key_file_is_refused(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        await using var foreign = await TestStore.OpenAsync(Engine.Sqlite);
        File.Copy(foreign.KeyFile, store.KeyFile, overwrite: true);
        Assert.Contains("is not the one this store was created with", await RefusalAsync(store), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("not json", "The server cannot read the key file")]
    [InlineData("null", "lacks a key")]
    [InlineData("{}", "lacks a key")]
    [InlineData("""{"peppers":{"1":"AAAA"},"key_encryption_keys":{"1":"AAAA"},"audit_keys":{"1":"AAAA"}}""", "not 32 bytes long")]
    [InlineData("""{"peppers":{"1":null},"key_encryption_keys":{"1":null},"audit_keys":{"1":null}}""", "not 32 bytes long")]
    public async Task A_broken_key_file_is_refused_in_words(string content, string words)
    {
        await using var store = await TestStore.OpenAsync(Engine.Sqlite);
        await File.WriteAllTextAsync(store.KeyFile, content);
        Assert.Contains(words, await RefusalAsync(store), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sealed_value_opens_for_its_purpose_only()
    {
        await using var store = await TestStore.OpenAsync(Engine.Sqlite);
        var plain = Encoding.UTF8.GetBytes("secret");
        var closed = store.Keys.Seal(plain, "purpose");
        Assert.Equal(plain, store.Keys.Open(closed, "purpose"));
        Assert.NotEqual(closed, store.Keys.Seal(plain, "purpose"));
        Assert.ThrowsAny<CryptographicException>(() => store.Keys.Open(closed, "another purpose"));
        for (var i = 0; i < closed.Length; i++)
        {
            var changed = closed.ToArray();
            changed[i] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => store.Keys.Open(changed, "purpose"));
        }
        for (var length = 0; length < closed.Length; length++)
            Assert.ThrowsAny<CryptographicException>(() => store.Keys.Open(closed.AsSpan(0, length), "purpose"));
    }

    [Fact]
    public async Task Replicas_that_share_a_new_directory_agree_on_one_key_file()
    {
        await using var store = await TestStore.EmptyAsync(Engine.Postgres);
        await store.Database.MigrateAsync(Tokenry.Server.Platform.Store.Migration.Embedded);
        var rings = Enumerable.Range(0, 16).Select(_ => new KeyRing()).ToArray();
        await Task.WhenAll(rings.Select(ring => Task.Run(() => ring.OpenAsync(store.Database, store.KeyFile))));
        Assert.All(rings, ring => Assert.Equal(rings[0].AuditKey, ring.AuditKey));
    }

    private static async Task<string> RefusalAsync(TestStore store) =>
        (await Assert.ThrowsAsync<StartupException>(() => new KeyRing().OpenAsync(store.Database, store.KeyFile))).Message;
}
