using System.Security.Cryptography;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Compares the codes of second factors. A right code is accepted once. Wrong codes are counted in the store, on all replicas together: after five in a row,
/// each further one doubles the time until the next is compared, up to a day. So a guesser who knows the password gets about one code a day, of a million.
/// </summary>
public sealed class SecondFactors(KeyRing keys, Denials denials, TimeProvider time)
{
    private const int FreeTries = 5;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <summary>The seal purpose of a secret: the sealed value opens for no other user.</summary>
    public static string SealPurpose(string userId) => "second-factor/" + userId;

    /// <summary>Makes a secret for a person who has to enter its first code.</summary>
    /// <param name="tx">The transaction; it holds the user's row.</param>
    /// <param name="userId">The person.</param>
    /// <returns>The secret.</returns>
    public async Task<byte[]> BeginAsync(WriteTransaction tx, string userId)
    {
        var secret = AuthenticatorCodes.NewSecret();
        await SecondFactorStore.BeginAsync(tx, userId, keys.Seal(secret, SealPurpose(userId)), time.GetUtcNow().ToUnixTimeMilliseconds());
        return secret;
    }

    /// <summary>The secret of a factor; <c>null</c> = the key file lacks the key that sealed it.</summary>
    public byte[]? Open(SecondFactorRow factor)
    {
        try
        {
            return keys.Open(factor.SealedSecret, SealPurpose(factor.UserId));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Judges a code and records a wrong one. The transaction must commit in either case: it counts the wrong one.</summary>
    /// <param name="tx">The transaction; it holds the user's row.</param>
    /// <param name="entry">The event of the operation that the code allows; the use of a recovery code becomes a second one.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="typed">The code as typed: of the app, or a recovery code.</param>
    /// <param name="request">The request.</param>
    /// <returns>Whether the code is right.</returns>
    /// <exception cref="ProblemException">429: too many wrong codes.</exception>
    public async Task<bool> IsRightAsync(WriteTransaction tx, AuditEntry entry, SecondFactorRow factor, string typed, RequestFacts request)
    {
        var userId = factor.UserId;
        var code = typed.Length > 100 ? "" : string.Concat(typed.Where(letter => letter is not (' ' or '-')));
        if (factor.IsActive && RecoveryCodes.IsShapedLikeOne(code))
        {
            if (await RecoveryCodes.UseAsync(tx, userId, code))
            {
                var left = await RecoveryCodes.LeftAsync(tx, userId);
                tx.Record(entry.With("second_factor.recovery_code_used", PrincipalType.User, userId, $"recovery codes left: {left}"));
                return true;
            }

            denials.RecordSignIn(request, userId, "wrong_recovery_code");
            return false;
        }

        var now = time.GetUtcNow();
        if (factor.NextTryAt > now.ToUnixTimeMilliseconds())
        {
            denials.RecordSignIn(request, userId, "too_many_codes");
            throw TooMany(TimeSpan.FromMilliseconds(factor.NextTryAt - now.ToUnixTimeMilliseconds()));
        }

        var step = Open(factor) is { } secret ? AuthenticatorCodes.StepOf(secret, code, now) : null;
        if (step is { } known)
        {
            if (await SecondFactorStore.AcceptAsync(tx, userId, known))
            {
                return true;
            }

            denials.RecordSignIn(request, userId, "code_used"); // no guess, so it does not count as one
            return false;
        }

        var failures = factor.Failures + 1;
        await SecondFactorStore.FailAsync(tx, userId, failures, (now + WaitAfter(failures)).ToUnixTimeMilliseconds());
        denials.RecordSignIn(request, userId, "wrong_code");
        return false;
    }

    /// <summary>How long no code is compared after so many wrong ones in a row.</summary>
    internal static TimeSpan WaitAfter(long failures)
    {
        if (failures < FreeTries)
        {
            return TimeSpan.Zero;
        }

        var wait = FirstWait * Math.Pow(2, Math.Min(failures - FreeTries, 20));
        return wait < LongestWait ? wait : LongestWait;
    }

    private static ProblemException TooMany(TimeSpan wait) =>
        new(
            429,
            ProblemCode.TooManyRequests,
            $"There were too many wrong codes. Wait {Math.Ceiling(wait.TotalSeconds)} s, or use a recovery code. If these codes were not yours, change your password."
        )
        {
            RetryAfter = wait,
            Text = new PageText("sign_in_fault.too_many_codes", ("n", Math.Ceiling(wait.TotalSeconds))),
        };
}
