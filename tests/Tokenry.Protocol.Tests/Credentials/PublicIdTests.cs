using System.Collections.Concurrent;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Protocol.Tests.Credentials;

public sealed class PublicIdTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 1, 2, 3, 456, TimeSpan.Zero);

    [Fact]
    public void A_uuid_version_7_carries_its_time()
    {
        var later = Now.AddYears(50); // ahead of every other test, so that the sequence follows this clock
        var id = PublicId.NewUuid7(later);
        Assert.Equal(later.ToUnixTimeMilliseconds(), (long)(id >> 80));
        Assert.Equal(7, (int)(id >> 76) & 0xF);
        Assert.Equal(2, (int)(id >> 62) & 0x3);
    }

    [Fact]
    public void Ids_of_one_instant_ascend_also_across_threads()
    {
        var ids = new ConcurrentBag<UInt128[]>();
        Parallel.For(0, 8, _ => ids.Add([.. Enumerable.Range(0, 5_000).Select(_ => PublicId.NewUuid7(Now))]));

        foreach (var sequence in ids)
        {
            for (var i = 1; i < sequence.Length; i++)
            {
                Assert.True(sequence[i] >> 64 > sequence[i - 1] >> 64);
            }
        }

        Assert.Equal(40_000, ids.SelectMany(sequence => sequence).Distinct().Count());
    }

    /// <summary>Randomness is drawn for many ids at once, by each thread for itself: none is handed out twice, and no block of one is all zero.</summary>
    [Fact]
    public void No_two_ids_share_their_random_part()
    {
        var ids = new ConcurrentBag<UInt128[]>();
        var threads = Enumerable
            .Range(0, 8)
            .Select(_ => new Thread(() => ids.Add([.. Enumerable.Range(0, 10_000).Select(_ => PublicId.NewUuid7(Now))])))
            .ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        var all = ids.SelectMany(own => own).ToList();
        Assert.Equal(80_000, all.Distinct().Count());
        Assert.Equal(80_000, all.Select(id => (ulong)id).Distinct().Count()); // by chance two alike: once in a billion runs
        Assert.All(all, id => Assert.Equal(2, (int)(id >> 62) & 0x3));
        for (var bit = 0; bit < 62; bit++)
        {
            var set = all.Count(id => (id >> bit & 1) == 1);
            Assert.InRange(set, 39_000, 41_000); // half of them, give or take seven standard deviations
        }
    }

    [Fact]
    public void A_clock_far_behind_is_followed()
    {
        var past = Now.AddYears(-20);
        _ = PublicId.NewUuid7(Now.AddYears(60));
        var id = PublicId.NewUuid7(past);
        Assert.True((long)(id >> 80) < Now.ToUnixTimeMilliseconds());
    }

    [Fact]
    public void There_are_no_ids_before_1970() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PublicId.NewUuid7(DateTimeOffset.UnixEpoch.AddTicks(-1)));

    [Fact]
    public void Text_and_number_are_one_to_one() =>
        Prop.ForAll<ulong, ulong>(
                (high, low) =>
                {
                    var id = new UInt128(high, low);
                    var text = PublicId.Create("key", id);
                    return text == "key_" + PublicId.Encode(id)
                        && PublicId.TryParse(text, "key", out var parsed)
                        && parsed == id
                        && PublicId.TryDecode(PublicId.Encode(id), out var decoded)
                        && decoded == id;
                }
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("key_0000000000000000000000", true)]
    [InlineData("pat_0000000000000000000000", false)]
    [InlineData("key-0000000000000000000000", false)]
    [InlineData("KEY_0000000000000000000000", false)]
    [InlineData("key_000000000000000000000", false)]
    [InlineData("key_00000000000000000000000", false)]
    [InlineData("key_000000000000000000000 ", false)]
    [InlineData("key_zzzzzzzzzzzzzzzzzzzzzz", false)]
    [InlineData("key_", false)]
    [InlineData("", false)]
    public void Only_its_own_prefix_and_22_digits_are_well_formed(string text, bool wellFormed) =>
        Assert.Equal(wellFormed, PublicId.IsWellFormed(text, "key"));

    [Fact]
    public void No_text_makes_it_throw() =>
        Prop.ForAll<string?>(text => !PublicId.IsWellFormed(text, "key") && !PublicId.TryDecode(text, out _)).QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Junk.Characters), MemberType = typeof(Junk))]
    public void Long_junk_is_refused(char character) => Assert.False(PublicId.TryDecode(Junk.Of(character), out _));
}
