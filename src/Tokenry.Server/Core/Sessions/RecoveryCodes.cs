using System.Security.Cryptography;
using OtpNet;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Codes for a person who lost the authenticator app. Each has 80 random bits and works once. The store has only a hash of user and code: so many bits
/// cannot be guessed, so a fast hash is enough.
/// </summary>
public static class RecoveryCodes
{
    private const int Count = 10;
    private const int CodeBytes = 10;
    private const int CodeLength = 16;

    /// <summary>Makes new codes in place of all earlier ones.</summary>
    /// <returns>The codes, to be shown once.</returns>
    public static async Task<IReadOnlyList<Secret>> ReplaceAsync(WriteTransaction tx, string userId)
    {
        await EndAllAsync(tx, userId);
        var codes = new List<Secret>(Count);
        for (var i = 0; i < Count; i++)
        {
            var code = Base32Encoding.ToString(RandomNumberGenerator.GetBytes(CodeBytes));
            await tx.ExecuteAsync(
                "INSERT INTO recovery_codes (user_id, hash) VALUES (@userId, @hash)",
                new { userId, hash = Hash(userId, code) }
            );
            codes.Add(new Secret(string.Join('-', code.ToLowerInvariant().Chunk(4).Select(group => new string(group)))));
        }

        return codes;
    }

    /// <summary>Whether a text has the form of a recovery code.</summary>
    /// <param name="code">The text as typed, without spaces and dashes.</param>
    public static bool IsShapedLikeOne(string code) =>
        code.Length == CodeLength && code.All(letter => char.IsAsciiLetter(letter) || letter is >= '2' and <= '7');

    /// <summary>Uses a code up.</summary>
    /// <returns>Whether it worked: of many uses at once, one.</returns>
    public static async Task<bool> UseAsync(WriteTransaction tx, string userId, string code) =>
        await tx.ExecuteAsync(
            "DELETE FROM recovery_codes WHERE user_id = @userId AND hash = @hash",
            new { userId, hash = Hash(userId, code.ToUpperInvariant()) }
        ) == 1;

    /// <summary>How many codes of a user were not used yet.</summary>
    public static Task<long> LeftAsync(StoreReader store, string userId) =>
        store.FirstOrDefaultAsync<long>("SELECT count(*) FROM recovery_codes WHERE user_id = @userId", new { userId });

    public static Task EndAllAsync(WriteTransaction tx, string userId) =>
        tx.ExecuteAsync("DELETE FROM recovery_codes WHERE user_id = @userId", new { userId });

    private static byte[] Hash(string userId, string code)
    {
        var hash = new byte[SecretDigest.Length];
        SecretDigest.Sha256($"{userId}:{code}", hash);
        return hash;
    }
}
