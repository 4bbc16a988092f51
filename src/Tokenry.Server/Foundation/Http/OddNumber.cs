using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tokenry.Server.Foundation.Http;

/// <summary>Says of a number that JSON allows and this API does not read (<c>1e2</c>, <c>100.0</c>) how to write it.</summary>
internal static class OddNumber
{
    private const int Longest = 30;

    /// <summary>What is wrong with the number at which reading stopped; <c>null</c> where that was no number, or one that is written as it should be.</summary>
    /// <param name="exception">Where reading stopped.</param>
    /// <param name="body">What was read.</param>
    public static string? Explain(JsonException exception, ReadOnlySpan<byte> body)
    {
        if (exception is not { LineNumber: { } line, BytePositionInLine: { } position } || Literal(body, line, position) is not { } text)
        {
            return null;
        }

        return text.AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? null
            : !decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? $"is {text}, which is too large"
            : decimal.IsInteger(number)
                ? $"is written as {text}: write {decimal.Truncate(number).ToString("0", CultureInfo.InvariantCulture)}"
            : $"is {text}: write a whole number";
    }

    /// <summary>The number that ends or begins there.</summary>
    private static string? Literal(ReadOnlySpan<byte> body, long line, long position)
    {
        for (; line > 0; line--)
        {
            var end = body.IndexOf((byte)'\n');
            if (end < 0)
            {
                return null;
            }

            body = body[(end + 1)..];
        }

        var start = (int)Math.Min(position, body.Length);
        var stop = start;
        while (start > 0 && IsOfNumber(body[start - 1]))
        {
            start--;
        }

        while (stop < body.Length && IsOfNumber(body[stop]))
        {
            stop++;
        }

        return stop - start is > 0 and <= Longest && char.IsAsciiDigit((char)body[stop - 1])
            ? Encoding.ASCII.GetString(body[start..stop])
            : null;
    }

    private static bool IsOfNumber(byte value) =>
        value is (>= (byte)'0' and <= (byte)'9') or (byte)'+' or (byte)'-' or (byte)'.' or (byte)'e' or (byte)'E';
}
