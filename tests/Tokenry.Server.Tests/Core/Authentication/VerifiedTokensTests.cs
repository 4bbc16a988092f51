using System.Security.Cryptography;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Authentication;

namespace Tokenry.Server.Tests.Core.Authentication;

public sealed class VerifiedTokensTests : IDisposable
{
    private readonly VerifiedTokens tokens = new();
    private readonly VerificationKey key = NewKey("one");

    public void Dispose() => key.Dispose();

    [Fact]
    public void Only_the_whole_string_is_known()
    {
        const string Token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl";
        var entry = Entry();
        Assert.False(tokens.TryGet(Token, Find, out _));
        tokens.Add(Token, entry);
        Assert.True(tokens.TryGet(Token, Find, out var known));
        Assert.Same(entry, known);
        for (var i = 0; i < Token.Length; i++)
        {
            var changed = (char)(Token[i] ^ 1);
            Assert.False(tokens.TryGet($"{Token[..i]}{changed}{Token[(i + 1)..]}", Find, out _));
            Assert.False(tokens.TryGet(Token[..i], Find, out _));
        }
        foreach (var other in new[] { Token + "\0", Token + ".", " " + Token, Token.ToUpperInvariant(), "" })
            Assert.False(tokens.TryGet(other, Find, out _));
    }

    /// <summary>A key that was withdrawn, or another one under its id, did not sign it.</summary>
    [Fact]
    public void A_token_is_known_while_its_key_may_sign()
    {
        using var another = NewKey(key.KeyId);
        tokens.Add("token", Entry());
        Assert.False(tokens.TryGet("token", _ => null, out _));
        Assert.False(tokens.TryGet("token", _ => another, out _));
        string? asked = null;
        Assert.True(
            tokens.TryGet(
                "token",
                id =>
                {
                    asked = id;
                    return key;
                },
                out _
            )
        );
        Assert.Equal(key.KeyId, asked);
    }

    [Theory]
    [InlineData('x', CompactJws.MaxLength, true)]
    [InlineData('x', CompactJws.MaxLength + 1, false)]
    [InlineData('x', 1_000_000, false)]
    [InlineData('ü', 1, false)]
    [InlineData('\uD83D', 1, false)]
    public void What_can_be_no_token_is_not_kept(char character, int length, bool isKept)
    {
        var presented = new string(character, length);
        tokens.Add(presented, Entry());
        Assert.Equal(isKept, tokens.TryGet(presented, Find, out _));
    }

    [Fact]
    public void Two_generations_bound_what_is_kept_and_a_token_in_use_stays()
    {
        const int Added = 40_000;
        var entry = Entry();
        tokens.Add("in use", entry);
        tokens.Add("forgotten", entry);
        for (var i = 0; i < Added; i++)
        {
            tokens.Add($"token {i}", entry);
            if (i % 1000 == 0)
                Assert.True(tokens.TryGet("in use", Find, out _), $"it was forgotten after {i} others");
        }

        Assert.False(tokens.TryGet("forgotten", Find, out _));
        // The newest first: to ask for an old one is to use it, which makes others forgotten.
        var kept = Enumerable.Range(1, Added).Select(i => Added - i).Where(i => tokens.TryGet($"token {i}", Find, out _)).ToList();
        Assert.InRange(kept.Count, 4_900, 10_000);
        Assert.Equal(Enumerable.Range(1, kept.Count).Select(i => Added - i), kept); // the last, and without a gap
    }

    [Fact]
    public void Many_threads_find_what_they_added_and_keep_within_bounds()
    {
        var entry = Entry();
        Parallel.For(
            0,
            8,
            thread =>
            {
                for (var i = 0; i < 10_000; i++)
                {
                    var token = $"{thread}.{i}";
                    tokens.Add(token, entry);
                    if (tokens.TryGet(token, Find, out var known)) // another thread may have begun two generations since
                        Assert.Same(entry, known);
                }
            }
        );
        var kept = Enumerable.Range(0, 80_000).Count(i => tokens.TryGet($"{i / 10_000}.{i % 10_000}", Find, out _));
        Assert.InRange(kept, 1, 10_000 + 16); // each thread may add one to a generation that another finds full
    }

    private static VerificationKey NewKey(string id) => new(id, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    private VerificationKey? Find(string keyId) => keyId == key.KeyId ? key : null;

    private VerifiedTokens.Entry Entry() =>
        new(
            new AccessToken
            {
                Issuer = "https://tokens.example.com",
                Audience = ["https://api.example.com"],
                Subject = "app_1",
                ClientId = "app_1",
                ExpiresAt = DateTimeOffset.UnixEpoch,
                IssuedAt = DateTimeOffset.UnixEpoch,
                TokenId = "1",
                Scope = ScopeSet.Empty,
            },
            MadeAt: 0,
            key
        );
}
