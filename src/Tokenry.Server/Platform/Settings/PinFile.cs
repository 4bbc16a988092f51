using System.Security.Cryptography;

namespace Tokenry.Server.Platform.Settings;

/// <summary>The file with the token's PIN: one line, readable by its owner only.</summary>
internal static class PinFile
{
    private const int Longest = 1024;

    /// <summary>The PIN without the line end; the caller overwrites it after use.</summary>
    /// <exception cref="IOException">The file cannot be read, is empty, or other users can read it.</exception>
    public static byte[] Read(string path)
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & others) != 0)
        {
            throw new IOException($"The PIN file {path} can be read by other users of this machine: chmod 600 {path}");
        }

        if (new FileInfo(path).Length > Longest)
        {
            throw new IOException($"The PIN file {path} holds more than a PIN.");
        }

        var content = File.ReadAllBytes(path);
        var pin = content.AsSpan().TrimEnd("\r\n"u8).ToArray();
        CryptographicOperations.ZeroMemory(content);
        return pin.Length > 0 ? pin : throw new IOException($"The PIN file {path} is empty.");
    }
}
