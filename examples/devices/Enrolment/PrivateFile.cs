using System.Text;

namespace Enrolment;

/// <summary>Files that nobody else could read at any time.</summary>
internal static class PrivateFile
{
    /// <summary>All of it or nothing, however this ends.</summary>
    public static void Replace(string path, string text)
    {
        var beside = path + ".new";
        File.Delete(beside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(beside, options))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
        }

        File.Move(beside, path, overwrite: true);
    }
}
