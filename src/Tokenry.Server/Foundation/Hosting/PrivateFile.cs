using System.Security.Cryptography;

namespace Tokenry.Server.Foundation.Hosting;

/// <summary>A file that only this user reads (0600), written beside and then moved: nobody, and no later start, ever meets half of it.</summary>
internal static class PrivateFile
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

            File.Move(beside, path, overwrite);
        }
        finally
        {
            File.Delete(beside); // gone already if all went well
        }
    }
}
