using System.Text;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Keys.Pkcs11;

/// <summary>A token of SoftHSM in this process, where what goes wrong with sessions can be arranged.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class Pkcs11TokenTests
{
    // One for all: the library reads its configuration once a process.
    private static readonly Lazy<Task<SoftHsm>> Hsm = new(async () =>
    {
        var hsm = await SoftHsm.CreateAsync();
        hsm.UseHere();
        return hsm;
    });

    [Theory]
    [InlineData("ES256", 64)]
    [InlineData("RS256", 256)]
    public async Task A_key_signs_on_many_threads_and_is_gone_when_destroyed(string algorithm, int signatureBytes)
    {
        using var token = await OpenAsync();
        var (keyId, publicKey) = token.Make(algorithm);
        using var key = JwsSigningKey.OnToken(keyId, algorithm, publicKey, token);
        Assert.Equal((algorithm, signatureBytes, keyId), (key.Algorithm, key.SignatureBytes, key.Verification.Thumbprint()));
        var good = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 8),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (thread, _) =>
            {
                await Task.Yield();
                var signature = new byte[signatureBytes];
                for (var i = 0; i < 25; i++)
                {
                    var input = Encoding.ASCII.GetBytes($"{thread}.{i}");
                    Assert.True(key.TrySign(input, signature));
                    Assert.True(key.Verification.Verify(input, signature));
                    Assert.False(key.Verification.Verify([.. input, 0], signature));
                    Interlocked.Increment(ref good);
                }
            }
        );
        Assert.Equal(200, good);

        Assert.True(token.Holds(keyId));
        token.Destroy(keyId);
        token.Destroy(keyId);
        Assert.False(token.Holds(keyId));
        Assert.Throws<StoreUnavailableException>(() => key.TrySign([1], new byte[signatureBytes]));
    }

    /// <summary>The token itself refuses: neither value nor exponent nor primes can be read, and it can be wrapped by nobody.</summary>
    [Theory]
    [InlineData("ES256", new[] { 0x11 })]
    [InlineData("RS256", new[] { 0x123, 0x124, 0x125 })]
    public async Task The_private_half_cannot_be_read(string algorithm, int[] attributes)
    {
        using var token = await OpenAsync();
        var (keyId, _) = token.Make(algorithm);
        var (library, sessions) = await RawAsync();
        using (sessions)
        {
            var found = sessions.Run(session => library.Find(session, PrivateHalf(keyId)));
            var handle = Assert.Single(found);
            foreach (var attribute in attributes)
            {
                var refused = Assert.Throws<StoreUnavailableException>(() =>
                    sessions.Run(session => library.GetAttribute(session, handle, (Pkcs11Attribute)attribute))
                );
                Assert.Equal((nuint)0x11, Assert.IsType<Pkcs11Exception>(refused.InnerException).Code); // ATTRIBUTE_SENSITIVE
            }

            Assert.Equal([0], sessions.Run(session => library.GetAttribute(session, handle, Pkcs11Attribute.Extractable)));
            Assert.Equal([1], sessions.Run(session => library.GetAttribute(session, handle, Pkcs11Attribute.Sensitive)));
        }

        token.Destroy(keyId);
    }

    /// <summary>With its last session closed, the process is logged out, too.</summary>
    [Fact]
    public async Task A_session_that_broke_is_replaced_once()
    {
        using var token = await OpenAsync();
        var (keyId, _) = token.Make("ES256");
        var (library, sessions) = await RawAsync();
        using (sessions)
        {
            var runs = 0;
            var found = sessions.Run(session =>
            {
                if (runs++ == 0)
                    library.CloseSession(session);
                return library.Find(session, PrivateHalf(keyId));
            });
            Assert.Equal((1, 2), (found.Length, runs));

            runs = 0;
            Assert.Throws<StoreUnavailableException>(() =>
                sessions.Run(session =>
                {
                    runs++;
                    library.CloseSession(session);
                    return library.Find(session, PrivateHalf(keyId));
                })
            );
            Assert.Equal(2, runs);
            Assert.Single(sessions.Run(session => library.Find(session, PrivateHalf(keyId))));
        }

        token.Destroy(keyId);
    }

    [Theory, BothEngines]
    public async Task The_store_has_no_private_key(Engine engine)
    {
        using var token = await OpenAsync();
        await using var store = await TestStore.OpenAsync(engine);
        using var keys = new SigningKeyRing(store.Database, store.Keys, store.Hub, store.Time, token);
        await keys.OpenAsync();
        var prepared = (await keys.PrepareAsync("RS256"))!;
        await store.Database.WriteAsync(tx => SigningKeyStore.InsertActiveAsync(tx, prepared, store.Time.GetUtcNow()));
        await keys.HoldAsync(["RS256"]);
        Assert.Equal(2, await store.CountAsync("signing_keys", "on_token = 1 AND length(sealed_private_key) = 0"));
        Assert.Equal(2, await store.CountAsync("signing_keys"));
        foreach (var algorithm in new[] { JwsAlgorithms.Es256, JwsAlgorithms.Rs256 })
        {
            var key = keys.Active(algorithm);
            var signature = new byte[key.SignatureBytes];
            Assert.True(key.TrySign("x"u8, signature));
            Assert.True(keys.Find(key.KeyId)!.Verify("x"u8, signature));
            token.Destroy(key.KeyId);
        }

        // Another process finds out at its start, not when somebody wants a token.
        using var again = new SigningKeyRing(store.Database, store.Keys, store.Hub, store.Time, token);
        var refused = await Assert.ThrowsAsync<Tokenry.Server.Platform.Settings.StartupException>(again.OpenAsync);
        Assert.Contains("is not on the PKCS#11 token 'tokenry-test'", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<Pkcs11Options> OptionsAsync() =>
        new()
        {
            Module = SoftHsm.Module,
            Label = SoftHsm.Label,
            PinFile = (await Hsm.Value).PinFile,
            HoldsNewKeys = true,
        };

    private static async Task<Pkcs11Token> OpenAsync()
    {
        var token = new Pkcs11Token(await OptionsAsync());
        token.Open();
        return token;
    }

    private static async Task<(Pkcs11Library Library, Pkcs11Sessions Sessions)> RawAsync()
    {
        var library = Pkcs11Library.Load(SoftHsm.Module);
        return (library, new Pkcs11Sessions(library, await OptionsAsync()));
    }

    private static Pkcs11Template PrivateHalf(string keyId) =>
        new((Pkcs11Attribute.Class, Pkcs11Template.Number(3)), (Pkcs11Attribute.Id, Encoding.ASCII.GetBytes(keyId)));
}
