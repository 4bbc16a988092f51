using System.Security.Cryptography;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Store;

public sealed class SingleUseTests
{
    private const long Later = 4_000_000_000_000;

    [Theory, BothEngines]
    public async Task Of_64_who_claim_at_once_exactly_one_wins(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        await using var replica = engine == Engine.Postgres ? store.Open(new ChangeHub()) : null;
        for (var round = 0; round < 20; round++)
        {
            var hash = RandomNumberGenerator.GetBytes(32);
            var claims = await Task.WhenAll(
                Enumerable
                    .Range(0, 64)
                    .Select(n =>
                        Task.Run(() =>
                            (n % 2 == 0 ? store.Database : replica ?? store.Database).WriteAsync(tx =>
                                SingleUse.ClaimAsync(tx, "code", hash, Later)
                            )
                        )
                    )
            );
            Assert.Equal(1, claims.Count(won => won));
        }
    }

    [Theory, BothEngines]
    public async Task Kinds_are_separate(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var hash = RandomNumberGenerator.GetBytes(32);
        foreach (var kind in new[] { "code", "jti" })
        {
            Assert.True(await store.Database.WriteAsync(tx => SingleUse.ClaimAsync(tx, kind, hash, Later)));
            Assert.False(await store.Database.WriteAsync(tx => SingleUse.ClaimAsync(tx, kind, hash, Later)));
        }
    }

    [Theory, BothEngines]
    public async Task A_claim_whose_purchase_failed_was_none(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var hash = RandomNumberGenerator.GetBytes(32);
        await Assert.ThrowsAsync<FormatException>(() =>
            store.Database.WriteAsync<bool>(async tx =>
            {
                Assert.True(await SingleUse.ClaimAsync(tx, "code", hash, Later));
                throw new FormatException();
            })
        );
        Assert.True(await store.Database.WriteAsync(tx => SingleUse.ClaimAsync(tx, "code", hash, Later)));
    }
}
