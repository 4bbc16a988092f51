namespace Tokenry.Chaos.Tests;

public sealed class T
{
    [Fact]
    public void X() => Assert.True(true);
}
