using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Decides where the two invisible joiners belong to a word and do not hide text. ZWNJ (U+200C) and ZWJ (U+200D) are allowed by the contextual rules A.1 and
/// A.2 of RFC 5892, which Persian and Hindi need. ZWJ is also allowed between two symbols, which it joins to one emoji.
/// </summary>
internal static class Joiners
{
    private const char NonJoiner = '\u200C';
    private const char Joiner = '\u200D';
    private const char EmojiStyle = '\uFE0F';

    /// <summary>Canonical combining class 9, of Unicode 14.</summary>
    private static readonly FrozenSet<int> Viramas = new[]
    {
        0x094D,
        0x09CD,
        0x0A4D,
        0x0ACD,
        0x0B4D,
        0x0BCD,
        0x0C4D,
        0x0CCD,
        0x0D3B,
        0x0D3C,
        0x0D4D,
        0x0DCA,
        0x0E3A,
        0x0EBA,
        0x0F84,
        0x1039,
        0x103A,
        0x1714,
        0x1715,
        0x1734,
        0x17D2,
        0x1A60,
        0x1B44,
        0x1BAA,
        0x1BAB,
        0x1BF2,
        0x1BF3,
        0x2D7F,
        0xA806,
        0xA82C,
        0xA8C4,
        0xA953,
        0xA9C0,
        0xAAF6,
        0xABED,
        0x10A3F,
        0x11046,
        0x11070,
        0x1107F,
        0x110B9,
        0x11133,
        0x11134,
        0x111C0,
        0x11235,
        0x112EA,
        0x1134D,
        0x11442,
        0x114C2,
        0x115BF,
        0x1163F,
        0x116B6,
        0x1172B,
        0x11839,
        0x1193D,
        0x1193E,
        0x119E0,
        0x11A34,
        0x11A47,
        0x11A99,
        0x11C3F,
        0x11D44,
        0x11D45,
        0x11D97,
    }.ToFrozenSet();

    /// <summary>Letters that join to the next letter (Joining_Type L or D), of Unicode 14.</summary>
    private static readonly (int First, int Last)[] JoinForward =
    [
        (0x0620, 0x0620),
        (0x0626, 0x0626),
        (0x0628, 0x0628),
        (0x062A, 0x062E),
        (0x0633, 0x063F),
        (0x0641, 0x0647),
        (0x0649, 0x064A),
        (0x066E, 0x066F),
        (0x0678, 0x0687),
        (0x069A, 0x06BF),
        (0x06C1, 0x06C2),
        (0x06CC, 0x06CC),
        (0x06CE, 0x06CE),
        (0x06D0, 0x06D1),
        (0x06FA, 0x06FC),
        (0x06FF, 0x06FF),
        (0x0712, 0x0714),
        (0x071A, 0x071D),
        (0x071F, 0x0727),
        (0x0729, 0x0729),
        (0x072B, 0x072B),
        (0x072D, 0x072E),
        (0x074E, 0x0758),
        (0x075C, 0x076A),
        (0x076D, 0x0770),
        (0x0772, 0x0772),
        (0x0775, 0x0777),
        (0x077A, 0x077F),
        (0x07CA, 0x07EA),
        (0x0841, 0x0845),
        (0x0848, 0x0848),
        (0x084A, 0x0853),
        (0x0855, 0x0855),
        (0x0860, 0x0860),
        (0x0862, 0x0865),
        (0x0868, 0x0868),
        (0x0886, 0x0886),
        (0x0889, 0x088D),
        (0x08A0, 0x08A9),
        (0x08AF, 0x08B0),
        (0x08B3, 0x08B8),
        (0x08BA, 0x08C8),
        (0x1807, 0x1807),
        (0x1820, 0x1878),
        (0x1887, 0x18A8),
        (0x18AA, 0x18AA),
        (0xA840, 0xA871),
        (0xA872, 0xA872),
        (0x10AC0, 0x10AC4),
        (0x10ACD, 0x10ACD),
        (0x10AD3, 0x10AD6),
        (0x10AD7, 0x10AD7),
        (0x10AD8, 0x10ADC),
        (0x10ADE, 0x10AE0),
        (0x10AEB, 0x10AEE),
        (0x10B80, 0x10B80),
        (0x10B82, 0x10B82),
        (0x10B86, 0x10B88),
        (0x10B8A, 0x10B8B),
        (0x10B8D, 0x10B8D),
        (0x10B90, 0x10B90),
        (0x10BAD, 0x10BAE),
        (0x10D00, 0x10D00),
        (0x10D01, 0x10D21),
        (0x10D23, 0x10D23),
        (0x10F30, 0x10F32),
        (0x10F34, 0x10F44),
        (0x10F51, 0x10F53),
        (0x10F70, 0x10F73),
        (0x10F76, 0x10F81),
        (0x10FB0, 0x10FB0),
        (0x10FB2, 0x10FB3),
        (0x10FB8, 0x10FB8),
        (0x10FBB, 0x10FBC),
        (0x10FBE, 0x10FBF),
        (0x10FC1, 0x10FC1),
        (0x10FC4, 0x10FC4),
        (0x10FCA, 0x10FCA),
        (0x10FCB, 0x10FCB),
        (0x1E900, 0x1E943),
    ];

    /// <summary>Letters that join only to the previous letter (Joining_Type R), of Unicode 14.</summary>
    private static readonly (int First, int Last)[] JoinBackward =
    [
        (0x0622, 0x0625),
        (0x0627, 0x0627),
        (0x0629, 0x0629),
        (0x062F, 0x0632),
        (0x0648, 0x0648),
        (0x0671, 0x0673),
        (0x0675, 0x0677),
        (0x0688, 0x0699),
        (0x06C0, 0x06C0),
        (0x06C3, 0x06CB),
        (0x06CD, 0x06CD),
        (0x06CF, 0x06CF),
        (0x06D2, 0x06D3),
        (0x06D5, 0x06D5),
        (0x06EE, 0x06EF),
        (0x0710, 0x0710),
        (0x0715, 0x0719),
        (0x071E, 0x071E),
        (0x0728, 0x0728),
        (0x072A, 0x072A),
        (0x072C, 0x072C),
        (0x072F, 0x072F),
        (0x074D, 0x074D),
        (0x0759, 0x075B),
        (0x076B, 0x076C),
        (0x0771, 0x0771),
        (0x0773, 0x0774),
        (0x0778, 0x0779),
        (0x0840, 0x0840),
        (0x0846, 0x0847),
        (0x0849, 0x0849),
        (0x0854, 0x0854),
        (0x0856, 0x0858),
        (0x0867, 0x0867),
        (0x0869, 0x086A),
        (0x0870, 0x0882),
        (0x088E, 0x088E),
        (0x08AA, 0x08AC),
        (0x08AE, 0x08AE),
        (0x08B1, 0x08B2),
        (0x08B9, 0x08B9),
        (0x10AC5, 0x10AC5),
        (0x10AC7, 0x10AC7),
        (0x10AC9, 0x10ACA),
        (0x10ACE, 0x10AD2),
        (0x10ADD, 0x10ADD),
        (0x10AE1, 0x10AE1),
        (0x10AE4, 0x10AE4),
        (0x10AEF, 0x10AEF),
        (0x10B81, 0x10B81),
        (0x10B83, 0x10B85),
        (0x10B89, 0x10B89),
        (0x10B8C, 0x10B8C),
        (0x10B8E, 0x10B8F),
        (0x10B91, 0x10B91),
        (0x10BA9, 0x10BAC),
        (0x10D22, 0x10D22),
        (0x10F33, 0x10F33),
        (0x10F54, 0x10F54),
        (0x10F74, 0x10F75),
        (0x10FB4, 0x10FB6),
        (0x10FB9, 0x10FBA),
        (0x10FBD, 0x10FBD),
        (0x10FC2, 0x10FC3),
        (0x10FC9, 0x10FC9),
    ];

    /// <summary>True if the joiner has a meaning at its position.</summary>
    /// <param name="text">Well-formed text.</param>
    /// <param name="at">The position of the character.</param>
    public static bool MayStand(string text, int at) =>
        text[at] is NonJoiner or Joiner
        && RuneBefore(text, at) is { } before
        && (
            Viramas.Contains(before.Value)
            || (text[at] == NonJoiner ? BreaksLetters(text, at) : at + 1 < text.Length && JoinsSymbols(text, at))
        );

    // RFC 5892 A.1: a letter that joins forward, marks, the joiner, marks, a letter that joins backward.
    private static bool BreaksLetters(string text, int at)
    {
        var start = at;
        while (RuneBefore(text, start) is { } mark && IsTransparent(mark))
        {
            start -= mark.Utf16SequenceLength;
        }

        var end = at + 1;
        while (Rune.TryGetRuneAt(text, Math.Min(end, text.Length - 1), out var mark) && end < text.Length && IsTransparent(mark))
        {
            end += mark.Utf16SequenceLength;
        }

        return RuneBefore(text, start) is { } before
            && IsIn(JoinForward, before)
            && end < text.Length
            && Rune.TryGetRuneAt(text, end, out var after)
            && (IsIn(JoinBackward, after) || (IsIn(JoinForward, after) && !IsLeftJoiningOnly(after)));
    }

    // An emoji, its style and skin tone, the joiner, an emoji.
    private static bool JoinsSymbols(string text, int at)
    {
        var start = at;
        while (RuneBefore(text, start) is { } style && (style.Value == EmojiStyle || style.Value is >= 0x1F3FB and <= 0x1F3FF))
        {
            start -= style.Utf16SequenceLength;
        }

        return RuneBefore(text, start) is { } before
            && IsSymbol(before)
            && Rune.TryGetRuneAt(text, at + 1, out var after)
            && IsSymbol(after);
    }

    // U+2194 and U+2195 are mathematical arrows in Unicode, but part of the emoji of a shaking or nodding head.
    private static bool IsSymbol(Rune rune) =>
        Rune.GetUnicodeCategory(rune) == UnicodeCategory.OtherSymbol || rune.Value is 0x2194 or 0x2195;

    private static bool IsTransparent(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;

    private static bool IsLeftJoiningOnly(Rune rune) => rune.Value is 0xA872 or 0x10ACD or 0x10AD7 or 0x10D00 or 0x10FCB;

    private static bool IsIn((int First, int Last)[] ranges, Rune rune) =>
        Array.Exists(ranges, range => rune.Value >= range.First && rune.Value <= range.Last);

    private static Rune? RuneBefore(string text, int at) =>
        Rune.DecodeLastFromUtf16(text.AsSpan(0, at), out var rune, out _) == System.Buffers.OperationStatus.Done ? rune : null;
}
