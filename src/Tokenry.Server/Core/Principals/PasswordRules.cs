using System.Collections.Frozen;
using System.Text;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Principals;

/// <summary>
/// What a new password must be, as NIST SP 800-63B-4 §3.1.1.2 has it for a password that is the only factor: 15 characters, any of them, and none of the
/// passwords that are guessed first. There are no rules of composition and no expiry.
/// </summary>
public static class PasswordRules
{
    /// <summary>Unicode characters, not UTF-16 code units.</summary>
    public const int Shortest = 15;

    private const int LongestBytes = 1024;
    private const int FewestDifferent = 5;

    /// <summary>Long passwords of published lists, in lower case without spaces and punctuation, and the words of this product's own examples.</summary>
    private static readonly FrozenSet<string> Common = """
        passwordpassword password123456 password1234567 password12345678 password123456789 passwordpassword1 passwordpassword123
        administrator123 administrator1234 administratoradministrator adminadminadmin adminadminadmin1 adminpassword123 rootrootrootroot
        changemechangeme changemeplease1 changethispassword letmeinletmein12 letmeinletmeinletmein welcomewelcome1 welcomewelcome123
        iloveyouiloveyou iloveyouforever iloveyouforever1 qwertyuiopasdfg qwertyuiopasdfgh qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm
        qwertyuiop123456 qwertyuiop1234567890 qwertyqwertyqwerty qwerty123456789 qwerty1234567890 1qaz2wsx3edc4rfv 1qaz2wsx3edc4rfv5tgb
        1q2w3e4r5t6y7u8i 1q2w3e4r5t6y7u8i9o 1q2w3e4r5t6y7u8i9o0p zxcvbnmzxcvbnm123 abcdefghijklmno abcdefghijklmnop abcdefghijklmnopqrstuvwxyz
        abc123abc123abc123 abcd1234abcd1234 123456789012345 1234567890123456 12345678901234567890 123456789123456789 987654321098765
        0123456789012345 01234567890123456789 123456789abcdef 123456789abcdefg correcthorsebatterystaple thisismypassword thisismypassword1
        mypasswordispassword trustno1trustno1 sunshinesunshine princessprincess footballfootball superman12345678 dragondragondragon
        monkeymonkeymonkey letmeinplease123 secretsecretsecret supersecretpassword supersecretpassword1 topsecretpassword tokenrytokenry
        tokenrytokenry1 tokenrypassword tokenrypassword1 tokenryadministrator p4sswordp4ssword pa55wordpa55word passw0rdpassw0rd
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    /// <param name="check">Collects what is wrong.</param>
    /// <param name="password">The password as typed.</param>
    /// <param name="names">The person's names and address, which are no passwords.</param>
    public static void Check(Validation check, string password, params string?[] names)
    {
        check.Require(
            Encoding.UTF8.GetByteCount(password) <= LongestBytes,
            "password",
            new FieldFault("too_many_bytes", $"is longer than {LongestBytes} bytes", ("n", LongestBytes))
        );
        if (password.Length > LongestBytes)
        {
            return;
        }

        check.Require(
            password.EnumerateRunes().Count() >= Shortest,
            "password",
            new FieldFault(
                "password_short",
                $"is shorter than {Shortest} characters. A few words that do not belong together are easy to remember and hard to guess",
                ("n", Shortest)
            )
        );
        var plain = Plain(password);
        check.Require(
            !Common.Contains(plain)
                && plain.Distinct().Take(FewestDifferent).Count() == FewestDifferent
                && !names.Any(name => name is not null && Plain(name) == plain),
            "password",
            new FieldFault("password_guessed", "is one of those that are guessed first. Choose another")
        );
    }

    private static string Plain(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
