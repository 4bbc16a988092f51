using System.Runtime.InteropServices;

namespace Tokenry.Server.Platform.Keys.Pkcs11;

/// <summary>The attributes of an object, as <c>CK_ATTRIBUTE</c>s in pinned arrays.</summary>
internal sealed class Pkcs11Template
{
    private readonly byte[] values;
    private readonly Entry[] entries;

    public Pkcs11Template(params ReadOnlySpan<(Pkcs11Attribute Type, byte[] Value)> attributes)
    {
        var length = 0;
        foreach (var (_, value) in attributes)
        {
            length += value.Length;
        }

        values = GC.AllocateArray<byte>(length, pinned: true);
        entries = GC.AllocateArray<Entry>(attributes.Length, pinned: true);
        var at = 0;
        for (var i = 0; i < attributes.Length; i++)
        {
            var (type, value) = attributes[i];
            value.CopyTo(values, at);
            entries[i] = new Entry
            {
                Type = (nuint)type,
                Value = Marshal.UnsafeAddrOfPinnedArrayElement(values, at),
                Length = (nuint)value.Length,
            };
            at += value.Length;
        }
    }

    /// <summary>The address of the first <c>CK_ATTRIBUTE</c>; valid while the caller holds this object.</summary>
    public nint First => Marshal.UnsafeAddrOfPinnedArrayElement(entries, 0);

    public nuint Count => (nuint)entries.Length;

    public static byte[] Flag(bool value) => [value ? (byte)1 : (byte)0];

    public static byte[] Number(nuint value)
    {
        var bytes = new byte[nuint.Size];
        MemoryMarshal.Write(bytes, value);
        return bytes;
    }

    /// <summary><c>CK_ATTRIBUTE</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Entry
    {
        public nuint Type;
        public nint Value;
        public nuint Length;
    }
}
