using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Files;

/// <summary>Keeps a directory and the files in it to the user the server runs as. Others could read keys there, or put a file of theirs in the way.</summary>
internal static class PrivateDirectory
{
    private const UnixFileMode OfOthers =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;

    /// <summary>Of an entry that is not there any more.</summary>
    private const UnixFileMode OfNothing = (UnixFileMode)(-1);

    /// <returns>What was open to other users and is not any more.</returns>
    /// <exception cref="StartupException">It is open to other users, and not ours to close.</exception>
    public static IReadOnlyList<string> Close(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return [];
        }

        var closed = new List<string>();
        var isOpen = false;
        try
        {
            isOpen = (new DirectoryInfo(path).UnixFileMode & OfOthers) != 0;
            Close(new DirectoryInfo(path), closed);
            foreach (var file in new DirectoryInfo(path).EnumerateFiles().Where(file => file.LinkTarget is null))
            {
                Close(file, closed);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                isOpen
                    ? $"The data directory {path} is open to other users, and this user cannot close it ({exception.Message}). Make it this user's "
                        + "own (chown, then chmod 700), or set Tokenry:DataDirectory to another."
                    : $"The data directory {path}, or a file in it, belongs to another user ({exception.Message}). Run this as that user, make it this "
                        + "user's own (chown -R), or set Tokenry:DataDirectory to another."
            );
        }

        return closed;
    }

    private static void Close(FileSystemInfo entry, List<string> closed)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var mode = entry.UnixFileMode;
        if (mode == OfNothing || (mode & OfOthers) == 0)
        {
            return;
        }

        try
        {
            File.SetUnixFileMode(entry.FullName, mode & ~OfOthers);
        }
        catch (FileNotFoundException)
        {
            return; // a command that ends takes SQLite's own files away
        }

        closed.Add($"{entry.FullName} was open to other users (mode {Octal(mode)}). It is {Octal(mode & ~OfOthers)} now.");
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
