using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Protocol.Tests.Credentials;

public sealed class Crc32CTests
{
    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x22620404u)]
    public void Known_values(string text, uint checksum) => Assert.Equal(checksum, Crc32C.Compute(text));

    [Fact]
    public void It_agrees_with_the_definition_at_every_length()
    {
        for (var length = 0; length < 400; length++)
        {
            var text = string.Concat(Enumerable.Range(0, length).Select(i => (char)(i * 7 % 128)));
            Assert.Equal(Bitwise(text), Crc32C.Compute(text));
        }
    }

    [Fact]
    public void A_text_outside_ascii_has_no_checksum() => Assert.Throws<ArgumentException>(() => Crc32C.Compute("clé"));

    [Fact]
    public void Any_one_changed_character_changes_it() =>
        Prop.ForAll<byte, byte, byte>(
                (place, from, to) =>
                {
                    var before = new string('a', place) + (char)(from % 128) + "tail";
                    var after = new string('a', place) + (char)(to % 128) + "tail";
                    return before == after || Crc32C.Compute(before) != Crc32C.Compute(after);
                }
            )
            .QuickCheckThrowOnFailure();

    private static uint Bitwise(string text)
    {
        var crc = uint.MaxValue;
        foreach (var character in text)
        {
            crc ^= character;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }
}
