using System.Text;

namespace Tokenry.Server.Tests.Edges;

internal static class Loose
{
    /// <summary>UTF-8, where half a surrogate pair becomes a byte that UTF-8 has not: texts stand for bytes that are no text, too.</summary>
    public static byte[] Bytes(string text)
    {
        var bytes = new byte[text.Length * 3];
        var written = 0;
        for (var at = 0; at < text.Length; )
        {
            if (Rune.TryGetRuneAt(text, at, out var rune))
            {
                written += rune.EncodeToUtf8(bytes.AsSpan(written));
                at += rune.Utf16SequenceLength;
            }
            else
            {
                bytes[written++] = 0xff;
                at++;
            }
        }

        return bytes[..written];
    }
}
