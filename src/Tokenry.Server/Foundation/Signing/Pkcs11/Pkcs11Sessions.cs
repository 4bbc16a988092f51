using System.Collections.Concurrent;
using System.Security.Cryptography;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Signing.Pkcs11;

/// <summary>
/// Sessions with the token: one caller each at a time, as the standard wants it, and not more at once than the processors can use. One that
/// broke is closed and never used again.
/// </summary>
internal sealed class Pkcs11Sessions(Pkcs11Library library, Pkcs11Options options) : IDisposable
{
    // A token that hangs would otherwise take every thread of the process.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentStack<nuint> idle = [];
    private readonly SemaphoreSlim places = new(2 * Environment.ProcessorCount);
    private readonly Lock loggingIn = new();
    private bool isPinRefused;

    /// <summary>Once more with a fresh session where the first was not good any more: the token was reset, or its connection lost.</summary>
    /// <exception cref="StoreUnavailableException">The token does not serve now.</exception>
    public T Run<T>(Func<nuint, T> use)
    {
        if (!places.Wait(Patience))
        {
            throw new StoreUnavailableException($"All sessions of the PKCS#11 token {options.Label} are busy.");
        }

        try
        {
            try
            {
                return RunOnce(use);
            }
            catch (Pkcs11Exception exception) when (exception.MayPass)
            {
                CloseIdle(); // most likely they are no better
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
    }

    private T RunOnce<T>(Func<nuint, T> use)
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
