using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Links with which a person sets a password once. A user has one at a time: a new one replaces the one before. Opening the link changes nothing; the code in
/// it counts when the form of its page is sent.
/// </summary>
public sealed class SignInLinks(TokenryOptions options, TimeProvider time)
{
    /// <summary>Links that expired.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM sign_in_links WHERE hash IN (SELECT hash FROM sign_in_links WHERE expires_at < @before LIMIT @step)",
        TimeSpan.Zero
    );

    public const string Path = "/sign-in/link";

    /// <summary>Makes a link for a user.</summary>
    /// <param name="tx">The transaction; it holds the user's row.</param>
    /// <param name="userId">The user.</param>
    /// <param name="life">How long it works.</param>
    /// <param name="resetsSecondFactor">Whether its use also removes the user's second factor.</param>
    public async Task<NewSignInLink> CreateAsync(WriteTransaction tx, string userId, TimeSpan life, bool resetsSecondFactor)
    {
        var now = time.GetUtcNow();
        var code = LinkCode.New();
        await EndAllAsync(tx, userId);
        await tx.ExecuteAsync(
            """
            INSERT INTO sign_in_links (hash, user_id, resets_second_factor, created_at, expires_at) VALUES (@hash, @userId, @resets, @now, @end)
            """,
            new
            {
                hash = LinkCode.Hash(code),
                userId,
                resets = resetsSecondFactor ? 1L : 0L,
                now = now.ToUnixTimeMilliseconds(),
                end = (now + life).ToUnixTimeMilliseconds(),
            }
        );
        return new NewSignInLink(new Secret($"{Address()}{Path}?{LinkCode.Parameter}={code}"), now + life);
    }

    /// <summary>A link that would work now; <c>null</c> = it would not.</summary>
    public async Task<SignInLinkRow?> FindAsync(StoreReader store, string code) =>
        !LinkCode.IsShapedLikeOne(code)
            ? null
            : await store.FirstOrDefaultAsync<SignInLinkRow>(
                "SELECT user_id, resets_second_factor FROM sign_in_links WHERE hash = @hash AND expires_at > @Now",
                new { hash = LinkCode.Hash(code), Now }
            );

    /// <summary>Uses a link up.</summary>
    /// <returns>The link if it worked: of many uses at once, one does.</returns>
    public async Task<SignInLinkRow?> UseAsync(WriteTransaction tx, string code) =>
        await FindAsync(tx, code) is { } link
        && await tx.ExecuteAsync(
            "DELETE FROM sign_in_links WHERE hash = @hash AND expires_at > @Now",
            new { hash = LinkCode.Hash(code), Now }
        ) == 1
            ? link
            : null;

    /// <summary>Ends the link of a user, if there is one.</summary>
    public static Task EndAllAsync(WriteTransaction tx, string userId) =>
        tx.ExecuteAsync("DELETE FROM sign_in_links WHERE user_id = @userId", new { userId });

    /// <summary>The address of the sign-in pages for a person in front of a browser.</summary>
    public string Address() => BrowserAddress.Of(options);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();
}

/// <summary>A link as stored, without the hash of its code.</summary>
public sealed class SignInLinkRow
{
    public string UserId { get; init; } = "";

    /// <summary>1 = its use also removes the user's second factor.</summary>
    public long ResetsSecondFactor { get; init; }
}

/// <summary>A link that was made.</summary>
/// <param name="Url">The whole address; the code in it is a secret.</param>
/// <param name="ExpiresAt">When it stops working.</param>
public sealed record NewSignInLink(Secret Url, DateTimeOffset ExpiresAt);
