using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Tokenry.Server.Platform.Files;

/// <summary>
/// A file that only this user can read (0600). It is written under another name and then moved, so that no reader ever finds it half written.
/// </summary>
internal static partial class PrivateFile
{
    /// <exception cref="IOException">The file cannot be written, or exists already and must not be overwritten.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, bool overwrite)
    {
        var beside = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            using (var file = new FileStream(beside, options))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            if (overwrite || OperatingSystem.IsWindows())
            {
                File.Move(beside, path, overwrite);
            }
            else if (Link(beside, path) != 0)
            {
                throw new IOException($"{path} exists already, or cannot be created (error {Marshal.GetLastPInvokeError()}).");
            }
        }
        finally
        {
            File.Delete(beside); // gone already if the write succeeded
        }
    }

    /// <summary>
    /// Gives the file a second name unless that name exists: link(2). File.Move checks first and renames later, so that two concurrent processes would both
    /// succeed.
    /// </summary>
    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string path);
}
