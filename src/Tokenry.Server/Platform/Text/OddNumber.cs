using System.Globalization;

namespace Tokenry.Server.Platform.Text;

/// <summary>Explains how to write a number that JSON allows but this API does not accept (<c>1e2</c>, <c>100.0</c>).</summary>
internal static class OddNumber
{
    private const int Longest = 30;

    /// <summary>What is wrong with the number; <c>null</c> if it is written correctly.</summary>
    public static string? Explain(string text) =>
        text.Length > Longest || text.AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? null
        : !decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? $"is {text}, which is too large"
        : decimal.IsInteger(number) ? $"is written as {text}: write {decimal.Truncate(number).ToString("0", CultureInfo.InvariantCulture)}"
        : $"is {text}: write a whole number";
}
