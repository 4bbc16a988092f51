using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Files;

/// <summary>
/// Restricts a directory and its files to the user of the server. Otherwise other users could read keys there, or put files of their own in their place.
/// </summary>
internal static class PrivateDirectory
{
    private const UnixFileMode OfOthers =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;

    /// <summary>The mode of an entry that does not exist any more.</summary>
    private const UnixFileMode OfNothing = (UnixFileMode)(-1);

    /// <returns>The entries that were open to other users and now are closed.</returns>
    /// <exception cref="StartupException">An entry is open to other users, and this user cannot close it.</exception>
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
                    ? $"Other users can open the data directory {path}, and this user cannot close it ({exception.Message}). Give it to this user "
                        + "(chown, then chmod 700), or set Tokenry:DataDirectory to another directory."
                    : $"The data directory {path}, or a file in it, belongs to another user ({exception.Message}). Run the server as that user, give the "
                        + "directory to this user (chown -R), or set Tokenry:DataDirectory to another directory."
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
            return; // SQLite deletes its files when a command ends
        }

        closed.Add(
            $"{entry.FullName} was open to other users (mode {Octal(mode)}). The server changed its mode to {Octal(mode & ~OfOthers)}."
        );
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
