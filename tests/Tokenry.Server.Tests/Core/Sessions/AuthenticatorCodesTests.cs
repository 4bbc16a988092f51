using System.Text;
using Tokenry.Server.Core.Sessions;

namespace Tokenry.Server.Tests.Core.Sessions;

public sealed class AuthenticatorCodesTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");

    /// <summary>RFC 6238, appendix B, SHA-1: the last six of eight digits (RFC 4226 §5.3).</summary>
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void The_vectors_of_RFC_6238_are_right_within_one_step_and_not_further(long second, string code)
    {
        var step = second / 30;
        foreach (var (away, expected) in new (int, long?)[] { (-2, null), (-1, step), (0, step), (1, step), (2, null) })
        {
            var now = DateTimeOffset.FromUnixTimeSeconds(step * 30 + away * 30);
            Assert.Equal((away, expected), (away, AuthenticatorCodes.StepOf(Secret, code, now)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("28708")]
    [InlineData("2870820")]
    [InlineData("94287082")]
    [InlineData("28708x")]
    [InlineData("-87082")]
    [InlineData("２８７０８２")]
    public void What_is_not_six_digits_is_no_code(string code) =>
        Assert.Null(AuthenticatorCodes.StepOf(Secret, code, DateTimeOffset.FromUnixTimeSeconds(59)));

    [Fact]
    public void The_address_names_server_and_account_and_nothing_breaks_out_of_it() =>
        Assert.Equal(
            "otpauth://totp/Tokenry%20%28localhost%29:ada%26secret%3Dx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tokenry%20%28localhost%29",
            AuthenticatorCodes.Address(Secret, "Tokenry (localhost)", "ada&secret=x@example.com")
        );

    /// <summary>A guesser who goes on for a year has fewer than 400 tries, with three codes of a million right at any moment.</summary>
    [Fact]
    public void Guessing_for_a_year_is_hopeless()
    {
        var (spent, tries) = (TimeSpan.Zero, 0);
        for (; spent < TimeSpan.FromDays(365); tries++)
            spent += SecondFactors.WaitAfter(tries + 1);
        Assert.InRange(tries, 300, 400);
        Assert.Equal(TimeSpan.FromDays(1), SecondFactors.WaitAfter(long.MaxValue));
    }
}
