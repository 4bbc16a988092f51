using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Principals;

/// <summary>
/// Hashes and compares passwords: PBKDF2-HMAC-SHA512 (ASP.NET Core Identity's format; docs/decisions/0080-passwords.md). Each takes a noticeable part of a
/// second of a core, so one runs at a time and at most eight wait. Further requests get 429, so that the doors do not starve.
/// </summary>
public sealed class Passwords : IDisposable
{
    private const int Iterations = 210_000;
    private const int LongestBytes = 1024;
    private const int MaxWaiting = 8;

    private readonly IPasswordHasher<object> hasher;
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Lazy<string> unknown;
    private int waiting;

    public Passwords()
        : this(new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }))) { }

    internal Passwords(IPasswordHasher<object> hasher)
    {
        this.hasher = hasher;
        unknown = new(() => hasher.HashPassword(this, "the password of no user"));
    }

    /// <summary>The hash of a new password.</summary>
    /// <param name="password">The password as typed.</param>
    /// <param name="names">The person's names and address, which are no passwords.</param>
    /// <exception cref="ProblemException">400 if the rules refuse it (before any hashing), 429 if too many wait.</exception>
    public Task<string> HashAsync(string password, params string?[] names)
    {
        var check = new Validation();
        PasswordRules.Check(check, password, names);
        check.ThrowIfAny();
        return InTurnAsync(() => hasher.HashPassword(this, password));
    }

    /// <summary>
    /// Compares a password with a hash. Without a hash it does the same work and answers <c>false</c>, so that the time does not tell whether there is one.
    /// </summary>
    /// <exception cref="ProblemException">429 if too many wait.</exception>
    public Task<bool> IsRightAsync(string? hash, string password) =>
        Encoding.UTF8.GetByteCount(password) > LongestBytes
            ? Task.FromResult(false)
            : InTurnAsync(() =>
                hasher.VerifyHashedPassword(this, hash ?? unknown.Value, password) != PasswordVerificationResult.Failed && hash is not null
            );

    public void Dispose() => turn.Dispose();

    private async Task<T> InTurnAsync<T>(Func<T> work)
    {
        if (Interlocked.Increment(ref waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref waiting);
            throw new ProblemException(429, ProblemCode.TooManyRequests, "Too many passwords are being checked. Try again shortly.")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            };
        }

        try
        {
            await turn.WaitAsync();
            try
            {
                return await Task.Run(work);
            }
            finally
            {
                turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }
}
