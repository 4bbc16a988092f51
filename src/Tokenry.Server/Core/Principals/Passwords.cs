using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Principals;

/// <summary>
/// Hashes passwords: PBKDF2-HMAC-SHA512, 600 000 rounds (ASP.NET Core Identity's format). Each takes half a second of a core, so one runs at a time and at
/// most eight wait. Further requests get 429, so that the doors do not starve.
/// </summary>
public sealed class Passwords : IDisposable
{
    private const int Iterations = 600_000;
    private const int Shortest = 12;
    private const int LongestBytes = 1024;
    private const int MaxWaiting = 8;

    private readonly PasswordHasher<object> hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private readonly SemaphoreSlim turn = new(1, 1);
    private int waiting;

    /// <exception cref="ProblemException">400 if too short or too long (before any hashing), 429 if too many wait.</exception>
    public async Task<string> HashAsync(string password)
    {
        var check = new Validation();
        check.Require(password.Length >= Shortest, "password", $"is shorter than {Shortest} characters");
        check.Require(Encoding.UTF8.GetByteCount(password) <= LongestBytes, "password", $"is longer than {LongestBytes} bytes");
        check.ThrowIfAny();
        if (Interlocked.Increment(ref waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref waiting);
            throw new ProblemException(429, ProblemCode.TooManyRequests, "Too many passwords are being hashed. Try again shortly.")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            };
        }

        try
        {
            await turn.WaitAsync();
            try
            {
                return await Task.Run(() => hasher.HashPassword(this, password));
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

    public void Dispose() => turn.Dispose();
}
