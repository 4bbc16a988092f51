namespace Tokenry.Server.Tests; public sealed class T { [Fact] public void X() => Assert.True(true); }
