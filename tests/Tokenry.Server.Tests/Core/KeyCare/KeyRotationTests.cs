using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Tokenry.Server.Core.KeyCare;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Core.KeyCare;

/// <summary>What a killed rotation leaves behind is brought to its end by the next.</summary>
public sealed class KeyRotationTests
{
    [Theory, BothEngines]
    public async Task A_rotation_killed_before_it_sealed_again_is_finished_by_the_next(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        using var signingKeys = new SigningKeyRing(store.Database, store.Keys, store.Hub, store.Time);
        await signingKeys.OpenAsync();
        var rotation = Rotation(store);
        await rotation.PrepareAsync(pepper: false, keyEncryptionKey: true, _ => { });
        var prepared = KeyFile.Read(store.KeyFile, seal: null).KeyEncryptionKeys[2];
        Assert.Equal(1, store.Keys.KeyEncryptionKeyVersion);

        // Killed here: in use, and nothing sealed again.
        Assert.True(await store.Database.WriteAsync(tx => KeyVersions.ActivateAsync(tx, KeyVersions.KeyEncryptionKey, 1, 2, prepared)));
        Assert.False(await store.Database.WriteAsync(tx => KeyVersions.ActivateAsync(tx, KeyVersions.KeyEncryptionKey, 1, 2, prepared)));
        await store.Keys.RefreshAsync(store.Database, store.KeyFile);
        Assert.Equal(2, store.Keys.KeyEncryptionKeyVersion);
        Assert.Equal(1, await SealedUnderAsync(store));

        var said = new List<string>();
        await rotation.ActivateAsync(pepper: false, keyEncryptionKey: true, said.Add);
        Assert.Equal(["key_encryption_key: 1 of 1 signing keys are sealed again."], said);
        Assert.Equal(2, await SealedUnderAsync(store));
        Assert.Equal([1, 2], KeyFile.Read(store.KeyFile, seal: null).KeyEncryptionKeys.Keys);

        using var again = new SigningKeyRing(store.Database, store.Keys, store.Hub, store.Time);
        await again.OpenAsync();
        Assert.Equal(signingKeys.Active("ES256").KeyId, again.Active("ES256").KeyId);
        await Assert.ThrowsAsync<StartupException>(() => rotation.ActivateAsync(pepper: false, keyEncryptionKey: true, _ => { }));
    }

    [Fact]
    public async Task What_was_sealed_or_digested_before_stays_good()
    {
        await using var store = await TestStore.OpenAsync(Engine.Sqlite);
        var data = RandomNumberGenerator.GetBytes(32);
        var (closed, mac) = (store.Keys.Seal(data, "x"), store.Keys.Mac("x", data));
        await Rotation(store).PrepareAsync(pepper: true, keyEncryptionKey: true, _ => { });
        await Rotation(store).ActivateAsync(pepper: true, keyEncryptionKey: true, _ => { });
        Assert.Equal(2, store.Keys.PepperVersion);
        Assert.Equal(data, store.Keys.Open(closed, "x"));
        Assert.Equal((1, 2), (KeyRing.VersionOf(closed), KeyRing.VersionOf(store.Keys.Seal(data, "x"))));
        Assert.True(store.Keys.IsMac(mac, "x", data));
        Assert.True(store.Keys.IsMac(mac.AsSpan(1), "x", data)); // as it was written before versions were
        Assert.True(store.Keys.IsMac(store.Keys.Mac("x", data), "x", data));
        Assert.False(store.Keys.IsMac(mac, "y", data));
        Assert.False(store.Keys.IsMac(mac, "x", RandomNumberGenerator.GetBytes(32)));
        Assert.False(store.Keys.IsMac([], "x", data));
    }

    /// <summary>A store from before rotations has one fingerprint, of the whole file.</summary>
    [Theory, BothEngines]
    public async Task A_store_made_before_keys_had_versions_opens_with_its_file_alone(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var file = KeyFile.Read(store.KeyFile, seal: null);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, key) in new[] { ("pepper", file.Peppers[1]), ("kek", file.KeyEncryptionKeys[1]), ("audit", file.AuditKeys[1]) })
        {
            hash.AppendData(System.Text.Encoding.ASCII.GetBytes($"{name}:1:"));
            hash.AppendData(key);
        }

        await store.ExecuteAsync("DELETE FROM store_properties");
        await store.ExecuteAsync(
            "INSERT INTO store_properties (name, value) VALUES ('key_file_fingerprint', @value)",
            new { value = Convert.ToHexStringLower(hash.GetHashAndReset()) }
        );
        await using var foreign = await TestStore.OpenAsync(Engine.Sqlite);
        await Assert.ThrowsAsync<StartupException>(() => new KeyRing().OpenAsync(store.Database, foreign.KeyFile));
        var ring = new KeyRing();
        await ring.OpenAsync(store.Database, store.KeyFile);
        Assert.Equal((1, 1), (ring.PepperVersion, ring.KeyEncryptionKeyVersion));
        await Rotation(store).PrepareAsync(pepper: true, keyEncryptionKey: true, _ => { });
        await new KeyRing().OpenAsync(store.Database, store.KeyFile); // with more than the store needs
    }

    private static async Task<int> SealedUnderAsync(TestStore store) =>
        KeyRing.VersionOf(Assert.Single(await store.ReadAsync(SigningKeyStore.ListAsync)).SealedPrivateKey);

    private static KeyRotation Rotation(TestStore store) =>
        new(
            store.Database,
            store.Keys,
            new SystemGate(store.Database, store.Time),
            TokenryOptions.Read(
                new ConfigurationBuilder().AddInMemoryCollection([new("Tokenry:KeyFile", store.KeyFile)]).Build(),
                needsIssuer: false
            ),
            store.Time
        );
}
