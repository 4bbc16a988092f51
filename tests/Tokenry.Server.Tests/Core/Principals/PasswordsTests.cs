using Microsoft.AspNetCore.Identity;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Tests.Core.Principals;

public sealed class PasswordsTests
{
    [Theory]
    [InlineData("plain moss kettle orbit")]
    [InlineData("fifteen chars!!")]
    [InlineData("密碼由五個不相關的字詞組成是很好")]
    [InlineData("               spaces and words")]
    public async Task A_long_password_of_any_characters_is_one(string password)
    {
        using var passwords = new Passwords();
        var hash = await passwords.HashAsync(password, "Ada", "ada@example.com");
        Assert.True(await passwords.IsRightAsync(hash, password));
        Assert.False(await passwords.IsRightAsync(hash, password + " "));
        Assert.DoesNotContain(password, hash, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fourteen chars")]
    [InlineData("😀😀😀😀😀😀😀😀😀😀😀😀😀😀")] // 14 characters, 28 code units
    [InlineData("passwordpassword")]
    [InlineData("Password Password")]
    [InlineData("123456789012345")]
    [InlineData("abababababababababab")]
    [InlineData("Ada.Lovelace@Example.com")]
    public async Task A_short_one_and_one_that_is_guessed_first_are_refused(string password)
    {
        using var passwords = new Passwords(new Counting());
        var refused = await Assert.ThrowsAsync<ProblemException>(() => passwords.HashAsync(password, "Ada", "ada.lovelace@example.com"));
        Assert.True(refused.Errors!.ContainsKey("password"));
    }

    [Fact]
    public async Task A_very_long_one_is_refused_before_it_is_hashed()
    {
        var counting = new Counting();
        using var passwords = new Passwords(counting);
        var text = string.Concat(Enumerable.Range(0, 400).Select(n => $"word{n}"));
        await Assert.ThrowsAsync<ProblemException>(() => passwords.HashAsync(text));
        Assert.False(await passwords.IsRightAsync("hash", text));
        Assert.Equal((0, 0), (counting.Hashed, counting.Compared));
    }

    [Fact]
    public async Task Without_a_hash_the_same_comparison_runs()
    {
        var counting = new Counting();
        using var passwords = new Passwords(counting);
        Assert.False(await passwords.IsRightAsync("wrong", "x"));
        Assert.Equal(1, counting.Compared);
        Assert.False(await passwords.IsRightAsync(null, "x"));
        Assert.Equal(2, counting.Compared);
        Assert.True(await passwords.IsRightAsync("x", "x"));
        Assert.Equal(3, counting.Compared);
        // Not even with the words that the stand-in was made of.
        Assert.False(await passwords.IsRightAsync(null, "the password of no user"));
    }

    [Fact]
    public async Task One_is_compared_at_a_time_and_few_wait()
    {
        var counting = new Counting { Gate = new ManualResetEventSlim() };
        using var passwords = new Passwords(counting);
        var asked = Enumerable.Range(0, 40).Select(_ => passwords.IsRightAsync("x", "x")).ToList();
        var refused = await Task.WhenAll(asked.Skip(8).Select(task => Assert.ThrowsAsync<ProblemException>(() => task)));
        Assert.All(refused, problem => Assert.Equal(429, problem.Status));
        counting.Gate.Set();
        Assert.All(await Task.WhenAll(asked.Take(8)), Assert.True);
        Assert.Equal(1, counting.MostAtOnce);
    }

    /// <summary>Compares without cost, and counts.</summary>
    private sealed class Counting : IPasswordHasher<object>
    {
        private int _now;

        public ManualResetEventSlim? Gate { get; init; }

        public int Hashed { get; private set; }

        public int Compared { get; private set; }

        public int MostAtOnce { get; private set; }

        public string HashPassword(object user, string password)
        {
            Hashed++;
            return password;
        }

        public PasswordVerificationResult VerifyHashedPassword(object user, string hashedPassword, string providedPassword)
        {
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _now));
            Gate?.Wait();
            Compared++;
            Interlocked.Decrement(ref _now);
            return hashedPassword == providedPassword ? PasswordVerificationResult.Success : PasswordVerificationResult.Failed;
        }
    }
}
