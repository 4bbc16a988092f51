using Microsoft.AspNetCore.Http;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Tests.Platform.Http;

namespace Tokenry.Server.Tests.Core.Credentials;

/// <summary>A.9 (d): what a text costs to redact grows with its length and no faster, whatever it is made of.</summary>
public sealed class RedactionTests
{
    private static readonly Brands Brands = new(EgressTests.Options());

    public static TheoryData<string> Pieces =>
        [
            "tkr_a ",
            "tkr_",
            "eyJ.",
            "eyJ ",
            new string('A', 43) + " ",
            new string('A', 44) + " ",
            "tkr_pat_a.eyJb ",
            "é",
            "x",
            "-",
            "tkr_eyJ",
        ];

    [Theory, MemberData(nameof(Pieces))]
    public void Work_grows_with_the_length_and_no_faster(string piece)
    {
        var (one, eight) = (Repeat(piece, 4_000), Repeat(piece, 32_000));
        Brands.Redact(one);
        Assert.InRange(Allocated(() => Brands.Redact(eight)), 0, 10 * Allocated(() => Brands.Redact(one)) + 4_000);
    }

    [Theory]
    [InlineData("curl/8.5.0", "curl/8.5.0")]
    [InlineData("tkr_pat_abcDEF09 curl", "tkr_*** curl")]
    [InlineData("a tkr_key_1-tkr_key_2", "a tkr_***-tkr_***")]
    [InlineData("eyJhbGciOi.J9.x_y-z, and", "***, and")]
    [InlineData("tkr_eyJa.eyJb", "tkr_***.***")]
    [InlineData("xtkr_a", "xtkr_***")]
    [InlineData("tkr_", "tkr_***")]
    public void What_could_be_a_credential_is_masked(string text, string expected) => Assert.Equal(expected, Brands.Redact(text));

    [Fact]
    public void What_has_the_length_of_a_signing_key_is_masked()
    {
        var key = new string('k', 43);
        Assert.Equal("***", Brands.Redact(key));
        Assert.Equal("a *** b ***", Brands.Redact($"a {key} b {key}"));
        Assert.Equal(key + "k", Brands.Redact(key + "k"));
        Assert.Equal(key[1..], Brands.Redact(key[1..]));
    }

    [Fact]
    public void A_text_is_cut_before_it_is_looked_at_and_never_through_a_secret()
    {
        var key = new string('k', 43);
        for (var at = 0; at <= 45; at++)
        {
            var cut = Brands.Redact(new string('.', 100 - at) + key + ".", 100);
            Assert.DoesNotContain('k', cut);
        }

        Assert.Equal(100, Brands.Redact(new string('k', 30_000), 100).Length);
        Assert.Equal("tkr_***", Brands.Redact("tkr_" + new string('s', 30_000), 100));
    }

    [Fact]
    public void A_long_agent_costs_no_more_than_a_short_one_that_is_cut()
    {
        Assert.InRange(Of(Repeat("tkr_a ", 15_000)), 0, 2 * Of(Repeat("tkr_a ", 1_000)));

        static long Of(string agent)
        {
            var context = new DefaultHttpContext();
            context.Request.Headers.UserAgent = agent;
            RequestFacts.Begin(context, TimeProvider.System, EgressTests.Options(), Brands);
            return Allocated(() => RequestFacts.Begin(context, TimeProvider.System, EgressTests.Options(), Brands));
        }
    }

    private static long Allocated(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static string Repeat(string piece, int length) => string.Concat(Enumerable.Repeat(piece, length / piece.Length));
}
