using System.Buffers.Text;
using System.Security.Cryptography;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Sign-ins between password and code. Each is a row, so that it ends with everything that ends the person's sessions, and it names the password that was
/// proved. It opens nothing but the form for the code.
/// </summary>
public sealed class SecondSteps(TimeProvider time)
{
    /// <summary>Sign-ins that were not finished.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM second_steps WHERE hash IN (SELECT hash FROM second_steps WHERE expires_at < @before LIMIT @step)",
        TimeSpan.Zero
    );

    /// <summary>The page for the code.</summary>
    public const string Path = "/sign-in/code";

    /// <summary>How long the person has for the code.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private const int CookieBytes = 32;
    private const int CookieLength = 43;

    /// <summary>The most of a user at once. A further one ends the oldest.</summary>
    private const int MostOfUser = 20;

    /// <param name="tx">The transaction; it holds the user's row.</param>
    /// <param name="userId">The person.</param>
    /// <param name="passwordHash">The hash of the password that was proved.</param>
    public async Task<NewSecondStep> BeginAsync(WriteTransaction tx, string userId, string passwordHash)
    {
        await tx.ExecuteAsync(
            """
            DELETE FROM second_steps WHERE user_id = @userId AND hash NOT IN
              (SELECT hash FROM second_steps WHERE user_id = @userId ORDER BY expires_at DESC LIMIT @kept)
            """,
            new { userId, kept = MostOfUser - 1 }
        );
        var value = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(CookieBytes));
        await tx.ExecuteAsync(
            "INSERT INTO second_steps (hash, user_id, password_digest, expires_at) VALUES (@hash, @userId, @digest, @end)",
            new
            {
                hash = Hash(value),
                userId,
                digest = Hash(passwordHash),
                end = (time.GetUtcNow() + Life).ToUnixTimeMilliseconds(),
            }
        );
        return new NewSecondStep(new Secret(value));
    }

    /// <summary>The user of a sign-in that may go on; <c>null</c> = it ended.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cookie">The value of its cookie.</param>
    public async Task<string?> FindAsync(StoreReader store, string cookie) =>
        cookie.Length != CookieLength
            ? null
            : await store.FirstOrDefaultAsync<string>(
                "SELECT user_id FROM second_steps WHERE hash = @hash AND expires_at > @Now",
                new { hash = Hash(cookie), Now }
            );

    /// <summary>Whether the sign-in is still there, of that person and of the password that the person has now.</summary>
    public async Task<bool> HoldsAsync(WriteTransaction tx, string cookie, SignInData person) =>
        person.PasswordHash is { } passwordHash
        && await tx.FirstOrDefaultAsync<byte[]>(
            "SELECT password_digest FROM second_steps WHERE hash = @hash AND user_id = @Id AND expires_at > @Now",
            new
            {
                hash = Hash(cookie),
                person.Id,
                Now,
            }
        )
            is { } digest
        && SecretDigest.Equals(digest, Hash(passwordHash));

    public static Task EndAsync(WriteTransaction tx, string cookie) =>
        tx.ExecuteAsync("DELETE FROM second_steps WHERE hash = @hash", new { hash = Hash(cookie) });

    /// <summary>Ends all of a user.</summary>
    public static Task EndAllAsync(WriteTransaction tx, string userId) =>
        tx.ExecuteAsync("DELETE FROM second_steps WHERE user_id = @userId", new { userId });

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static byte[] Hash(string value)
    {
        var hash = new byte[SecretDigest.Length];
        SecretDigest.Sha256(value, hash);
        return hash;
    }
}
