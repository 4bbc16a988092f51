using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;

namespace Tokenry.Server.Tests.Edges;

/// <summary>
/// What holds for every parser (security §2 rows 9 and 37, F4–F6): it is total, it reads what it writes, and nothing makes it slow.
/// </summary>
public sealed class ParserTests
{
    private const int LongJunk = 100 * 1024;

    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly IReadOnlyDictionary<string, Parser> Parsers = ProtocolParsers
        .All.Concat(ServerParsers.All)
        .ToDictionary(parser => parser.Name, StringComparer.Ordinal);

    public static TheoryData<string> Names => [.. Parsers.Keys];

    /// <summary>Otherwise all that follows would be about texts it refuses at the first glance.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Its_samples_are_taken(string name)
    {
        var parser = Parsers[name];
        foreach (var sample in parser.Samples)
        {
            var read = parser.Read(sample);
            Assert.NotNull(read);
            Assert.True(!parser.HasOneForm || read == sample, $"'{sample}' became '{read}'");
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Only_its_one_error_escapes_and_what_it_writes_it_reads(string name)
    {
        var parser = Parsers[name];
        Prop.ForAll(Spoilt(parser).ToArbitrary(), text => IsStable(parser, text)).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory, MemberData(nameof(Names))]
    public void No_text_at_all_makes_it_throw(string name)
    {
        var parser = Parsers[name];
        Prop.ForAll<string?>(text => IsStable(parser, text ?? "")).QuickCheckThrowOnFailure();
    }

    /// <summary>
    /// 100 KB of anything cost less than 5 ms: the least of many runs, so that the compiler does not count, nor a machine that is slow for a while.
    /// </summary>
    [Theory, MemberData(nameof(Names))]
    public void Long_junk_is_read_within_5_ms(string name)
    {
        var parser = Parsers[name];
        foreach (var character in "a(;. :,%=&{[\"\\/*0-\0é\ud800")
        {
            var junk = new string(character, LongJunk);
            var sample = parser.Samples[0];
            foreach (var text in new[] { junk, sample + junk, sample[..(sample.Length / 2)] + junk + sample[(sample.Length / 2)..] })
            {
                var took = Least(() => parser.Read(text));
                Assert.True(took < Longest, $"{name}: {took.TotalMilliseconds:F1} ms for U+{(int)character:X4} from '{text[..20]}'");
            }
        }
    }

    private static bool IsStable(Parser parser, string text)
    {
        var read = parser.Read(text);
        return read is null || (parser.HasOneForm ? read == text : parser.Read(read) == read);
    }

    private static Gen<string> Spoilt(Parser parser) =>
        Gen.Choose(0, int.MaxValue).Select(seed => new Mutator(seed).Mutate(parser.Samples));

    private static TimeSpan Least(Action action)
    {
        var least = TimeSpan.MaxValue;
        var tried = Stopwatch.StartNew();
        while (least >= Longest && tried.Elapsed < Patience)
        {
            var took = ProcessorTime.Of(action);
            least = took < least ? took : least;
        }

        return least;
    }
}
