using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Platform.Keys.Pkcs11;

/// <summary>
/// Sessions with the token: one caller each at a time, as the standard wants it, and not more at once than the processors can use. One that
/// broke is closed and never used again.
/// </summary>
internal sealed class Pkcs11Sessions(Pkcs11Library library, Pkcs11Options options) : IDisposable
{
    // A token that hangs would otherwise take every thread of the process.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan BetweenRestarts = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentStack<nuint> idle = [];
    private readonly SemaphoreSlim places = new(2 * Environment.ProcessorCount);
    private readonly Lock loggingIn = new();

    // Calls are readers; a restart of the library is alone.
    private readonly ReaderWriterLockSlim calls = new();
    private long restarts;
    private long restartedAt = long.MinValue;
    private bool isPinRefused;

    /// <summary>
    /// Private keys by id. A handle is good in every session until the library is restarted or the token reset; afterwards it may be another
    /// key's, so these are read and written in calls alone.
    /// </summary>
    public ConcurrentDictionary<string, nuint> Handles { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Once more with a fresh session where the first was not good any more: the token was reset, its connection lost, or the library does not
    /// know what another process did to the token. The library is restarted for that: several need it before they serve again.
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

    /// <summary>Opens the first session, with an exception that says what was in the way.</summary>
    /// <exception cref="Pkcs11Exception">The token refuses, or is not there.</exception>
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

    /// <summary>Unless somebody else did since, and not all the time: whoever asks for a key that is nowhere must not hold up the others.</summary>
    private void Restart(long seen)
    {
        calls.EnterWriteLock();
        try
        {
            CloseIdle(); // most likely they are no better
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
            // After a failure an operation may be left half done in it.
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
        // The slot is looked for each time: a token that was away may come back in another.
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
                throw new Pkcs11Exception("C_Login before", Pkcs11Exception.PinLocked); // not again: each attempt brings the lock nearer
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
