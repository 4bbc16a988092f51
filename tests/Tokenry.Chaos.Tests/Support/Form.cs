namespace Tokenry.Chaos.Tests.Support;

/// <summary>How often to strike: the short form runs in <c>./test --ci</c>, the long one in <c>./test --long</c>.</summary>
internal static class Form
{
    public static bool IsLong => Environment.GetEnvironmentVariable("TOKENRY_LONG") == "1";

    public static int Rounds(int brief, int extended) => IsLong ? extended : brief;
}
