using System.Diagnostics;
using System.Runtime.CompilerServices;
using FsCheck;
using FsCheck.Fluent;

namespace Tokenry.Server.Tests.Edges;

/// <summary>
/// What holds for every parser (security §2 rows 9 and 37, F4–F6): it is total, it reads what it writes, and nothing makes it slow.
/// </summary>
public sealed class ParserTests
{
    private const int LongJunk = 100 * 1024;

    /// <summary>
    /// Times a plain loop over the same text, which takes a tenth of a millisecond on today's machines: what is quadratic in 100 KB takes ten thousand.
    /// </summary>
    private const double MostLoops = 100;
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
        Prop.ForAll(Spoilt(parser).ToArbitrary(), text => parser.IsStable(text)).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory, MemberData(nameof(Names))]
    public void No_text_at_all_makes_it_throw(string name)
    {
        var parser = Parsers[name];
        Prop.ForAll<string?>(text => parser.IsStable(text ?? "")).QuickCheckThrowOnFailure();
    }

    /// <summary>
    /// 100 KB of anything cost no more than a hundred plain loops over them; of both the least of many runs, so that neither the compiler counts nor a
    /// machine that is slow or has other things to do.
    /// </summary>
    [Theory, MemberData(nameof(Names))]
    public void Long_junk_is_read_in_a_few_passes(string name)
    {
        var parser = Parsers[name];
        var most = 0d;
        foreach (var character in "a(;. :,%=&{[\"\\/*0-\0é\ud800")
        {
            var junk = new string(character, LongJunk);
            var sample = parser.Samples[0];
            foreach (var text in new[] { junk, sample + junk, sample[..(sample.Length / 2)] + junk + sample[(sample.Length / 2)..] })
            {
                var loops = Loops(() => parser.Read(text), text);
                most = Math.Max(most, loops);
                Assert.True(loops <= MostLoops, $"{name}: {loops:F0} loops for U+{(int)character:X4} from '{text[..20]}'");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{most:F1} loops at most");
    }

    /// <summary>The test above would find what is quadratic.</summary>
    [Fact]
    public void A_pass_for_every_character_is_too_many()
    {
        var text = new string('a', LongJunk);
        Assert.True(Loops(Quadratic, text, TimeSpan.Zero) > MostLoops);

        void Quadratic()
        {
            for (var pass = 0; pass < LongJunk / 100; pass++)
                Loop(text);
        }
    }

    private static Gen<string> Spoilt(Parser parser) =>
        Gen.Choose(0, int.MaxValue).Select(seed => new Mutator(seed).Mutate(parser.Samples));

    /// <summary>What the action costs, in loops over the text; tried again while it is too many.</summary>
    private static double Loops(Action action, string text, TimeSpan? patience = null)
    {
        var (least, loop) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        var tried = Stopwatch.StartNew();
        do
        {
            loop = Least(loop, ProcessorTime.Of(() => Loop(text)));
            least = Least(least, ProcessorTime.Of(action));
        } while (least > MostLoops * loop && tried.Elapsed < (patience ?? Patience));

        return least / loop;
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>A step for each character that needs the one before, compiled for speed from the first call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Loop(string text)
    {
        var hash = 17;
        foreach (var character in text)
            hash = unchecked(hash * 31 + character);
        return hash;
    }
}
