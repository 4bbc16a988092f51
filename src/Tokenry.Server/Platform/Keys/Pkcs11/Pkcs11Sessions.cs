using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Platform.Keys.Pkcs11;

/// <summary>
/// The sessions with the token. Each serves one caller at a time, as the standard requires, and there are no more than the processors can use. A failed
/// session is closed and never reused.
/// </summary>
internal sealed class Pkcs11Sessions(Pkcs11Library library, Pkcs11Options options) : IDisposable
{
    // Without a limit, a token that hangs would block every thread of the process.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan BetweenRestarts = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentStack<nuint> idle = [];
    private readonly SemaphoreSlim places = new(2 * Environment.ProcessorCount);
    private readonly Lock loggingIn = new();

    // Calls take the read lock; a restart of the library takes the write lock.
    private readonly ReaderWriterLockSlim calls = new();
    private long restarts;
    private long restartedAt = long.MinValue;
    private bool isPinRefused;

    /// <summary>
    /// Handles of private keys by id. A handle is valid in every session until the library restarts or the token is reset. Afterwards it may refer to
    /// another key, so only calls may read and write these handles.
    /// </summary>
    public ConcurrentDictionary<string, nuint> Handles { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Runs a call. If the session was no longer valid, it runs the call once more with a new session: the token was reset, its connection was lost, or the
    /// library does not see what another process did on the token. It restarts the library first, because several libraries need a restart before they
    /// serve again.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The token does not serve now.</exception>
    public T Run<T>(Func<nuint, T> use)
    {
        if (!places.Wait(Patience))
        {
            throw new StoreUnavailableException($"All sessions of the PKCS#11 token {options.Label} are busy.");
        }

        try
        {
            var seen = Interlocked.Read(ref restarts);
            try
            {
                return RunOnce(use);
            }
            catch (Pkcs11Exception exception) when (exception.MayPass)
            {
                Restart(seen);
                return RunOnce(use);
            }
        }
        catch (Exception exception) when (exception is Pkcs11Exception or IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"The PKCS#11 token {options.Label} did not serve: {exception.Message}", exception);
        }
        finally
        {
            places.Release();
        }
    }

    /// <summary>Opens the first session; the exception names the fault.</summary>
    /// <exception cref="Pkcs11Exception">The token refuses, or is missing.</exception>
    public void Open() => idle.Push(OpenSession());

    public void Dispose()
    {
        CloseIdle();
        places.Dispose();
        calls.Dispose();
    }

    private T RunOnce<T>(Func<nuint, T> use)
    {
        calls.EnterReadLock();
        try
        {
            return RunInSession(use);
        }
        finally
        {
            calls.ExitReadLock();
        }
    }

    /// <summary>
    /// Restarts the library, unless another thread has restarted it since. Restarts are rare: a caller that asks for a missing key must not block other
    /// callers.
    /// </summary>
    private void Restart(long seen)
    {
        calls.EnterWriteLock();
        try
        {
            CloseIdle(); // most likely they are not valid either
            Handles.Clear();
            if (restarts == seen && (restartedAt == long.MinValue || Stopwatch.GetElapsedTime(restartedAt) > BetweenRestarts))
            {
                restartedAt = Stopwatch.GetTimestamp();
                Interlocked.Increment(ref restarts);
                library.Restart();
            }
        }
        finally
        {
            calls.ExitWriteLock();
        }
    }

    private T RunInSession<T>(Func<nuint, T> use)
    {
        var session = idle.TryPop(out var kept) ? kept : OpenSession();
        var isGood = false;
        try
        {
            var result = use(session);
            isGood = true;
            return result;
        }
        finally
        {
            // After a failure the session may hold an unfinished operation.
            if (isGood)
            {
                idle.Push(session);
            }
            else
            {
                library.CloseSession(session);
            }
        }
    }

    private nuint OpenSession()
    {
        // Look up the slot each time: a token that was disconnected may return in another slot.
        var session = library.OpenSession(library.FindSlot(options.Label) ?? throw new Pkcs11Exception("C_GetSlotList", 0xe0));
        try
        {
            Login(session);
            return session;
        }
        catch
        {
            library.CloseSession(session);
            throw;
        }
    }

    private void Login(nuint session)
    {
        lock (loggingIn)
        {
            if (isPinRefused)
            {
                throw new Pkcs11Exception("C_Login before", Pkcs11Exception.PinLocked); // do not retry: each attempt brings the PIN lock nearer
            }

            var pin = PinFile.Read(options.PinFile);
            try
            {
                library.Login(session, pin);
            }
            catch (Pkcs11Exception exception)
            {
                isPinRefused = exception.RefusesPin;
                throw;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(pin);
            }
        }
    }

    private void CloseIdle()
    {
        while (idle.TryPop(out var session))
        {
            library.CloseSession(session);
        }
    }
}
