using System.Diagnostics;
using System.Globalization;

namespace Tokenry.Testing;

/// <summary>
/// The newest installed PostgreSQL. Its programs refuse to run as root; then they run as <c>postgres</c> through <c>setpriv</c>,
/// which replaces itself by the program (<c>runuser</c> stays in between and stops when its child is stopped).
/// </summary>
internal sealed record PostgresCommands(string Directory, int Major)
{
    private const string Installations = "/usr/lib/postgresql";

    public static PostgresCommands Find() =>
        (System.IO.Directory.Exists(Installations) ? System.IO.Directory.EnumerateDirectories(Installations) : [])
            .Select(path =>
                int.TryParse(Path.GetFileName(path), NumberStyles.None, provider: null, out var major)
                    ? new PostgresCommands(Path.Combine(path, "bin"), major)
                    : null
            )
            .Where(found => found is not null && File.Exists(Path.Combine(found.Directory, "initdb")))
            .MaxBy(found => found!.Major)
        ?? throw new InvalidOperationException(
            $"No PostgreSQL server programs in {Installations}/*/bin. Every test runs on both engines; "
                + "install them (Debian: postgresql), or run ./test, which does."
        );

    /// <param name="program">A PostgreSQL program's name, or the path of any other program to run as the same user.</param>
    /// <param name="workingDirectory">Must be readable by that user.</param>
    /// <param name="arguments">Passed as they are; no shell reads them.</param>
    public ProcessStartInfo Start(string program, string workingDirectory, params string[] arguments)
    {
        string[] command = [Path.Combine(Directory, program), .. arguments];
        if (Posix.IsRoot)
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", .. command];
        return new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = workingDirectory };
    }
}
