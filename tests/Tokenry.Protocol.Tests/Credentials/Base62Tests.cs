using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Protocol.Tests.Credentials;

public sealed class Base62Tests
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    [Theory]
    [InlineData(4, 6)]
    [InlineData(16, 22)]
    [InlineData(32, 43)]
    [InlineData(64, 86)]
    public void Width_is_the_least_that_holds_every_value(int bytes, int width)
    {
        Assert.Equal(width, Base62.Width(bytes));
        Assert.True(BigInteger.Pow(62, width) >= BigInteger.One << (8 * bytes));
        Assert.True(BigInteger.Pow(62, width - 1) < BigInteger.One << (8 * bytes));
    }

    [Fact]
    public void Every_width_is_the_least_that_holds_every_value()
    {
        for (var bytes = 4; bytes <= 64; bytes += 4)
        {
            var exact = 0;
            for (var power = BigInteger.One; power < BigInteger.One << (8 * bytes); power *= 62)
            {
                exact++;
            }

            Assert.Equal(exact, Base62.Width(bytes));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(68)]
    public void Other_sizes_are_the_callers_mistake(int bytes)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Base62.Encode(new byte[bytes], new char[6]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Base62.TryDecode("000000", new byte[bytes]));
    }

    [Fact]
    public void Encoding_needs_the_exact_width()
    {
        Assert.Throws<ArgumentException>(() => Base62.Encode(new byte[4], new char[5]));
        Assert.Throws<ArgumentException>(() => Base62.Encode(new byte[4], new char[7]));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(32)]
    public void It_agrees_with_big_integers_and_comes_back(int size) =>
        Prop.ForAll(
                ArbMap.Default.GeneratorFor<byte>().ArrayOf(size).ToArbitrary(),
                bytes =>
                {
                    var back = new byte[size];
                    return Encode(bytes) == Reference(bytes) && Base62.TryDecode(Encode(bytes), back) && bytes.AsSpan().SequenceEqual(back);
                }
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(32)]
    public void The_largest_value_is_read_and_the_next_one_refused(int size)
    {
        var largest = Enumerable.Repeat((byte)0xFF, size).ToArray();
        var text = Encode(largest);
        var bytes = new byte[size];
        Assert.True(Base62.TryDecode(text, bytes));
        Assert.Equal(largest, bytes);

        Assert.False(Base62.TryDecode(Text((BigInteger.One << (8 * size)), text.Length), bytes));
        Assert.All(bytes, value => Assert.Equal(0, value));
        Assert.False(Base62.TryDecode(new string('z', text.Length), bytes));
    }

    [Fact]
    public void Every_text_of_a_value_too_large_is_refused() =>
        Prop.ForAll(
                Gen.Elements(Alphabet.ToCharArray()).ArrayOf(6).ToArbitrary(),
                characters =>
                {
                    BigInteger value = 0;
                    foreach (var character in characters)
                    {
                        value = (value * 62) + Alphabet.IndexOf(character, StringComparison.Ordinal);
                    }

                    return Base62.TryDecode(characters, new byte[4]) == value <= uint.MaxValue;
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Every_foreign_character_is_refused_at_every_place()
    {
        var good = Encode(new byte[16]).ToCharArray();
        for (var place = 0; place < good.Length; place++)
        {
            for (var code = 0; code <= char.MaxValue; code += code < 300 ? 1 : 257)
            {
                var text = (char[])good.Clone();
                text[place] = (char)code;
                var known = Alphabet.Contains((char)code, StringComparison.Ordinal);
                Assert.True(known || !Base62.TryDecode(text, new byte[16]), $"{code:x4} at {place}");
            }
        }
    }

    [Fact]
    public void Texts_sort_as_the_numbers_do() =>
        Prop.ForAll<ulong, ulong>(
                (high, low) =>
                {
                    var (a, b) = (new UInt128(high, low), new UInt128(low, high));
                    return Math.Sign(string.CompareOrdinal(PublicId.Encode(a), PublicId.Encode(b))) == a.CompareTo(b);
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public async Task Nothing_is_allocated()
    {
        var bytes = new byte[32];
        var text = new char[43];
        Assert.Equal(
            0,
            await Allocations.OfAsync(() =>
            {
                Base62.Encode(bytes, text);
                Base62.TryDecode(text, bytes);
            })
        );
    }

    private static string Encode(byte[] bytes)
    {
        var text = new char[Base62.Width(bytes.Length)];
        Base62.Encode(bytes, text);
        return new string(text);
    }

    private static string Reference(byte[] bytes) =>
        Text(new BigInteger(bytes, isUnsigned: true, isBigEndian: true), Base62.Width(bytes.Length));

    private static string Text(BigInteger value, int width)
    {
        var text = new char[width];
        for (var place = width - 1; place >= 0; place--, value /= 62)
        {
            text[place] = Alphabet[(int)(value % 62)];
        }

        return new string(text);
    }
}
