using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Tokenry.Server.Platform.Files;

/// <summary>A file that only this user reads (0600), written beside and then moved: nobody, and no later start, ever meets half of it.</summary>
internal static partial class PrivateFile
{
    /// <exception cref="IOException">It cannot be written, or is there already and not to be overwritten.</exception>
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
                throw new IOException($"{path} is there already, or cannot be made (error {Marshal.GetLastPInvokeError()}).");
            }
        }
        finally
        {
            File.Delete(beside); // gone already if all went well
        }
    }

    /// <summary>
    /// A second name for the file, unless somebody has that name: link(2). File.Move looks first and renames then, so that of two that are as fast both believe theirs
    /// is the file.
    /// </summary>
    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string path);
}
