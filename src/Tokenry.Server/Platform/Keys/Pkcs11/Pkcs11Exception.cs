namespace Tokenry.Server.Platform.Keys.Pkcs11;

/// <summary>A function of the token's library failed.</summary>
public sealed class Pkcs11Exception(string function, nuint code) : Exception($"{function} answered {Name(code)}.")
{
    public const nuint PinLocked = 0xa4;
    public const nuint KeyHandleInvalid = 0x60;
    private const nuint PinIncorrect = 0xa0;
    private const nuint PinInvalid = 0xa1;
    private const nuint PinLengthRange = 0xa2;
    private const nuint PinExpired = 0xa3;

    public nuint Code { get; } = code;

    /// <summary>The token rejected the PIN: further attempts with it lock the token.</summary>
    public bool RefusesPin => Code is >= PinIncorrect and <= PinLocked;

    /// <summary>Handles are invalid; the token may still work.</summary>
    public bool MayPass =>
        Code
            is 0x30 // DEVICE_ERROR
                or 0x32 // DEVICE_REMOVED
                or KeyHandleInvalid
                or 0x82 // OBJECT_HANDLE_INVALID
                or 0xb0 // SESSION_CLOSED
                or 0xb3 // SESSION_HANDLE_INVALID
                or 0xe0 // TOKEN_NOT_PRESENT
                or 0x101 // USER_NOT_LOGGED_IN
                or 0x190; // CRYPTOKI_NOT_INITIALIZED

    /// <summary>Names as in the standard; other codes by number, because vendors define their own.</summary>
    private static string Name(nuint code) =>
        code switch
        {
            0x05 => "CKR_GENERAL_ERROR",
            0x06 => "CKR_FUNCTION_FAILED",
            0x30 => "CKR_DEVICE_ERROR",
            0x31 => "CKR_DEVICE_MEMORY",
            0x32 => "CKR_DEVICE_REMOVED",
            KeyHandleInvalid => "CKR_KEY_HANDLE_INVALID",
            0x70 => "CKR_MECHANISM_INVALID",
            0x82 => "CKR_OBJECT_HANDLE_INVALID",
            PinIncorrect => "CKR_PIN_INCORRECT",
            PinInvalid => "CKR_PIN_INVALID",
            PinLengthRange => "CKR_PIN_LEN_RANGE",
            PinExpired => "CKR_PIN_EXPIRED",
            PinLocked => "CKR_PIN_LOCKED",
            0xb0 => "CKR_SESSION_CLOSED",
            0xb1 => "CKR_SESSION_COUNT",
            0xb3 => "CKR_SESSION_HANDLE_INVALID",
            0xd1 => "CKR_TEMPLATE_INCONSISTENT",
            0xe0 => "CKR_TOKEN_NOT_PRESENT",
            0xe2 => "CKR_TOKEN_WRITE_PROTECTED",
            0x101 => "CKR_USER_NOT_LOGGED_IN",
            0x102 => "CKR_USER_PIN_NOT_INITIALIZED",
            0x190 => "CKR_CRYPTOKI_NOT_INITIALIZED",
            _ => $"the code 0x{(ulong)code:x}",
        };
}
