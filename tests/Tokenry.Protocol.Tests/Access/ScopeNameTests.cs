using Tokenry.Protocol.Access;

namespace Tokenry.Protocol.Tests.Access;

public sealed class ScopeNameTests
{
    [Fact]
    public void The_characters_are_those_of_rfc_6749_section_3_3()
    {
        for (var code = 0; code <= char.MaxValue; code++)
        {
            var token = code is 0x21 or (>= 0x23 and <= 0x5B) or (>= 0x5D and <= 0x7E);
            Assert.Equal(token, ScopeName.IsValid([(char)code]));
        }
    }

    [Fact]
    public void It_has_1_to_200_characters()
    {
        Assert.False(ScopeName.IsValid(""));
        Assert.True(ScopeName.IsValid(new string('a', 200)));
        Assert.False(ScopeName.IsValid(new string('a', 201)));
    }
}
