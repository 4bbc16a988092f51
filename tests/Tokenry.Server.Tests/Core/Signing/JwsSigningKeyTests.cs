using System.Text;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Core.Signing;

public sealed class JwsSigningKeyTests
{
    [Theory]
    [InlineData("ES256", 64)]
    [InlineData("RS256", 256)]
    public async Task One_key_signs_on_many_threads(string algorithm, int signatureBytes)
    {
        await using var store = await TestStore.OpenAsync(Engine.Sqlite);
        using var key = Open(store.Keys, algorithm);
        Assert.Equal((algorithm, signatureBytes), (key.Algorithm, key.SignatureBytes));
        var good = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 8),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (thread, _) =>
            {
                await Task.Yield();
                var signature = new byte[signatureBytes];
                for (var i = 0; i < 100; i++)
                {
                    var input = Encoding.ASCII.GetBytes($"{thread}.{i}");
                    Assert.True(key.TrySign(input, signature));
                    Assert.True(key.Verification.Verify(input, signature));
                    Assert.False(key.Verification.Verify([.. input, 0], signature));
                    Interlocked.Increment(ref good);
                }
            }
        );
        Assert.Equal(800, good);
    }

    [Fact]
    public async Task An_algorithm_we_do_not_sign_with_is_refused()
    {
        await using var store = await TestStore.OpenAsync(Engine.Sqlite);
        Assert.Throws<ArgumentOutOfRangeException>(() => NewSigningKey.Make("HS256", store.Keys));
        Assert.Throws<NotSupportedException>(() => JwsSigningKey.Open("kid", "PS256", []));
    }

    private static JwsSigningKey Open(KeyRing keys, string algorithm)
    {
        var made = NewSigningKey.Make(algorithm, keys);
        return JwsSigningKey.Open(made.KeyId, algorithm, keys.Open(made.SealedPrivateKey, SigningKeyStore.SealPurpose(made.KeyId)));
    }
}
