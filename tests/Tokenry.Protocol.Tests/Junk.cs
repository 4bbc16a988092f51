namespace Tokenry.Protocol.Tests;

/// <summary>Long texts that make careless parsers slow or recursive.</summary>
public static class Junk
{
    public const int Length = 100 * 1024;

    public static TheoryData<char> Characters => ['a', '(', ';', ' ', '.', '_', ':', '*', '{', '[', '"', '\\', '\0', '0', 'é', '\ud800'];

    public static string Of(char character) => new(character, Length);
}
