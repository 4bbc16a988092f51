using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Signing;

namespace Tokenry.Server.Tests.Core.Signing;

public sealed class TokenIdsTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_900_000_000_123);

    [Theory]
    [InlineData(0)]
    [InlineData(1_899_999_999_999)]
    [InlineData(1_900_000_000_123)]
    [InlineData(1_900_000_005_123)]
    public void An_id_says_when_it_was_made_and_is_never_older_than_asked(long since)
    {
        for (var i = 0; i < 1000; i++)
        {
            var id = TokenIds.New(Now, since);
            Assert.True(PublicId.TryDecode(id, out var number));
            Assert.Equal(7, (int)(number >> 76) & 0xF);
            Assert.Equal(2, (int)(number >> 62) & 0x3);
            Assert.True(TokenIds.Milliseconds(id) >= Math.Max(since, Now.ToUnixTimeMilliseconds()));
        }
    }

    [Fact]
    public void Ids_ahead_of_the_clock_are_unlike_and_take_no_other_id_with_them()
    {
        var ahead = Now.ToUnixTimeMilliseconds() + 5000;
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => TokenIds.New(Now, ahead)).Distinct().Count());
        Assert.True(TokenIds.Milliseconds(TokenIds.New(Now, 0)) < ahead);
    }

    [Fact]
    public void What_an_issuer_makes_that_has_not_heard_of_the_end_falls_short_of_it()
    {
        var since = TokenIds.SinceAfter(Now);
        Assert.True(TokenIds.Milliseconds(TokenIds.New(Now.AddSeconds(4.9), 0)) < since);
        Assert.Equal(since, TokenIds.Milliseconds(TokenIds.New(Now, since)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData("0ff2e7ab-1111-7222-8333-444455556666")]
    public void What_is_no_id_of_ours_is_as_old_as_can_be(string text) => Assert.Equal(0, TokenIds.Milliseconds(text));
}
