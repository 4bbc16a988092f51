using System.Runtime.InteropServices;
using System.Text;

namespace Tokenry.Server.Platform.Keys.Pkcs11;

/// <summary>
/// The functions of PKCS#11 2.40 that the server uses, called through the library's function list. <c>CK_ULONG</c> is as long as a pointer on Linux, and
/// the structures use the C alignment of that platform. Every result other than CKR_OK throws a <see cref="Pkcs11Exception"/>.
/// </summary>
internal sealed unsafe class Pkcs11Library
{
    private const nuint AlreadyInitialized = 0x191;
    private const nuint AlreadyLoggedIn = 0x100;
    private const nuint OsLocking = 2; // CKF_OS_LOCKING_OK: calls come from many threads
    private const nuint SerialReadWrite = 4 | 2; // CKF_SERIAL_SESSION | CKF_RW_SESSION
    private const nuint User = 1; // CKU_USER
    private const nuint Initialized = 0x400; // CKF_TOKEN_INITIALIZED
    private const int TokenInfoLength = 208;
    private const int LabelLength = 32;
    private const int FlagsAt = 96;

    private readonly void** functions;

    private Pkcs11Library(void** functions) => this.functions = functions;

    /// <summary>Positions in <c>CK_FUNCTION_LIST</c>, after its version.</summary>
    private enum Place
    {
        Initialize = 0,
        Terminate = 1,
        GetSlotList = 4,
        GetTokenInfo = 6,
        OpenSession = 12,
        CloseSession = 13,
        Login = 18,
        DestroyObject = 22,
        GetAttributeValue = 24,
        SetAttributeValue = 25,
        FindObjectsInit = 26,
        FindObjects = 27,
        FindObjectsFinal = 28,
        SignInit = 42,
        Sign = 43,
        GenerateKey = 58,
        GenerateKeyPair = 59,
    }

    /// <exception cref="DllNotFoundException">The file is no library, or a library it needs is missing.</exception>
    /// <exception cref="BadImageFormatException">The library is for another machine architecture.</exception>
    /// <exception cref="EntryPointNotFoundException">The library is no PKCS#11 library.</exception>
    public static Pkcs11Library Load(string path)
    {
        // Never unloaded: it stays until the process ends.
        var getFunctionList = (delegate* unmanaged[Cdecl]<void**, nuint>)
            NativeLibrary.GetExport(NativeLibrary.Load(path), "C_GetFunctionList");
        void* list;
        Check(getFunctionList(&list), "C_GetFunctionList");
        var library = new Pkcs11Library((void**)((byte*)list + sizeof(void*))); // skip a version of two bytes, and padding
        library.Initialize();
        return library;
    }

    /// <summary>Resets the library to its state after loading. No call may be running. Sessions, handles and the login become invalid.</summary>
    public void Restart()
    {
        _ = ((delegate* unmanaged[Cdecl]<void*, nuint>)At(Place.Terminate))(null); // a library that lost its token may refuse even this
        Initialize();
    }

    /// <summary>The slot of the token with that label; <c>null</c> if no slot has it.</summary>
    public nuint? FindSlot(string label)
    {
        var getSlotList = (delegate* unmanaged[Cdecl]<byte, nuint*, nuint*, nuint>)At(Place.GetSlotList);
        var getTokenInfo = (delegate* unmanaged[Cdecl]<nuint, byte*, nuint>)At(Place.GetTokenInfo);
        nuint count;
        Check(getSlotList(1, null, &count), "C_GetSlotList");
        var slots = new nuint[(int)count + 1]; // never empty, so that it has an address to pass
        count = (nuint)slots.Length;
        fixed (nuint* first = slots)
        {
            Check(getSlotList(1, first, &count), "C_GetSlotList");
        }

        var info = stackalloc byte[TokenInfoLength];
        foreach (var slot in slots.AsSpan(0, (int)count))
        {
            if (
                getTokenInfo(slot, info) == 0
                && (*(nuint*)(info + FlagsAt) & Initialized) != 0
                && Encoding.UTF8.GetString(info, LabelLength).TrimEnd(' ', '\0') == label
            )
            {
                return slot;
            }
        }

        return null;
    }

    public nuint OpenSession(nuint slot)
    {
        nuint session;
        var open = (delegate* unmanaged[Cdecl]<nuint, nuint, void*, void*, nuint*, nuint>)At(Place.OpenSession);
        Check(open(slot, SerialReadWrite, null, null, &session), "C_OpenSession");
        return session;
    }

    /// <summary>Closes a session in any state. If the session no longer exists, there is nothing to close.</summary>
    public void CloseSession(nuint session) => _ = ((delegate* unmanaged[Cdecl]<nuint, nuint>)At(Place.CloseSession))(session);

    /// <summary>Logs the process in, for all its sessions; being logged in already is no fault.</summary>
    public void Login(nuint session, ReadOnlySpan<byte> pin)
    {
        fixed (byte* first = pin)
        {
            var code = ((delegate* unmanaged[Cdecl]<nuint, nuint, byte*, nuint, nuint>)At(Place.Login))(
                session,
                User,
                first,
                (nuint)pin.Length
            );
            Check(code == AlreadyLoggedIn ? 0 : code, "C_Login");
        }
    }

    public nuint GenerateKey(nuint session, Pkcs11Mechanism mechanism, Pkcs11Template attributes)
    {
        var entry = new Mechanism { Type = (nuint)mechanism };
        nuint handle;
        var generate = (delegate* unmanaged[Cdecl]<nuint, Mechanism*, void*, nuint, nuint*, nuint>)At(Place.GenerateKey);
        var code = generate(session, &entry, (void*)attributes.First, attributes.Count, &handle);
        GC.KeepAlive(attributes);
        Check(code, "C_GenerateKey");
        return handle;
    }

    public (nuint Public, nuint Private) GenerateKeyPair(
        nuint session,
        Pkcs11Mechanism mechanism,
        Pkcs11Template publicKey,
        Pkcs11Template privateKey
    )
    {
        var entry = new Mechanism { Type = (nuint)mechanism };
        nuint publicHandle;
        nuint privateHandle;
        var generate = (delegate* unmanaged[Cdecl]<nuint, Mechanism*, void*, nuint, void*, nuint, nuint*, nuint*, nuint>)At(
            Place.GenerateKeyPair
        );
        var code = generate(
            session,
            &entry,
            (void*)publicKey.First,
            publicKey.Count,
            (void*)privateKey.First,
            privateKey.Count,
            &publicHandle,
            &privateHandle
        );
        GC.KeepAlive(publicKey);
        GC.KeepAlive(privateKey);
        Check(code, "C_GenerateKeyPair");
        return (publicHandle, privateHandle);
    }

    public byte[] GetAttribute(nuint session, nuint handle, Pkcs11Attribute attribute)
    {
        var get = (delegate* unmanaged[Cdecl]<nuint, nuint, Pkcs11Template.Entry*, nuint, nuint>)At(Place.GetAttributeValue);
        var entry = new Pkcs11Template.Entry { Type = (nuint)attribute };
        Check(get(session, handle, &entry, 1), "C_GetAttributeValue"); // the length of the value
        var value = new byte[checked((int)entry.Length)];
        fixed (byte* first = value)
        {
            entry.Value = (nint)first;
            Check(get(session, handle, &entry, 1), "C_GetAttributeValue");
        }

        return value;
    }

    public void SetAttributes(nuint session, nuint handle, Pkcs11Template attributes)
    {
        var set = (delegate* unmanaged[Cdecl]<nuint, nuint, void*, nuint, nuint>)At(Place.SetAttributeValue);
        var code = set(session, handle, (void*)attributes.First, attributes.Count);
        GC.KeepAlive(attributes);
        Check(code, "C_SetAttributeValue");
    }

    /// <summary>Handles of the first objects that match the template; callers need only a few.</summary>
    public nuint[] Find(nuint session, Pkcs11Template attributes)
    {
        const int most = 8;
        var begin = (delegate* unmanaged[Cdecl]<nuint, void*, nuint, nuint>)At(Place.FindObjectsInit);
        var find = (delegate* unmanaged[Cdecl]<nuint, nuint*, nuint, nuint*, nuint>)At(Place.FindObjects);
        var end = (delegate* unmanaged[Cdecl]<nuint, nuint>)At(Place.FindObjectsFinal);
        var code = begin(session, (void*)attributes.First, attributes.Count);
        GC.KeepAlive(attributes);
        Check(code, "C_FindObjectsInit");
        var found = stackalloc nuint[most];
        nuint count;
        Check(find(session, found, most, &count), "C_FindObjects");
        Check(end(session), "C_FindObjectsFinal");
        return new Span<nuint>(found, (int)count).ToArray();
    }

    public void Destroy(nuint session, nuint handle) =>
        Check(((delegate* unmanaged[Cdecl]<nuint, nuint, nuint>)At(Place.DestroyObject))(session, handle), "C_DestroyObject");

    public byte[] Sign(nuint session, Pkcs11Mechanism mechanism, nuint key, ReadOnlySpan<byte> data, int signatureBytes)
    {
        var begin = (delegate* unmanaged[Cdecl]<nuint, Mechanism*, nuint, nuint>)At(Place.SignInit);
        var sign = (delegate* unmanaged[Cdecl]<nuint, byte*, nuint, byte*, nuint*, nuint>)At(Place.Sign);
        var entry = new Mechanism { Type = (nuint)mechanism };
        Check(begin(session, &entry, key), "C_SignInit");
        var signature = new byte[signatureBytes];
        var length = (nuint)signatureBytes;
        fixed (byte* input = data)
        fixed (byte* output = signature)
        {
            Check(sign(session, input, (nuint)data.Length, output, &length), "C_Sign");
        }

        return signature[..(int)length];
    }

    private static void Check(nuint code, string function)
    {
        if (code != 0)
        {
            throw new Pkcs11Exception(function, code);
        }
    }

    private void Initialize()
    {
        var arguments = new InitializeArguments { Flags = OsLocking };
        var code = ((delegate* unmanaged[Cdecl]<InitializeArguments*, nuint>)At(Place.Initialize))(&arguments);
        Check(code == AlreadyInitialized ? 0 : code, "C_Initialize");
    }

    private void* At(Place place) => functions[(int)place];

    /// <summary><c>CK_C_INITIALIZE_ARGS</c>: the four lock functions are empty, so the library uses the system's locks.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct InitializeArguments
    {
        public nint CreateMutex;
        public nint DestroyMutex;
        public nint LockMutex;
        public nint UnlockMutex;
        public nuint Flags;
        public nint Reserved;
    }

    /// <summary><c>CK_MECHANISM</c>; none of the mechanisms used here has a parameter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Mechanism
    {
        public nuint Type;
        public nint Parameter;
        public nuint ParameterLength;
    }
}
