using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Tokenry.Server.Foundation.Storage;

/// <summary>Points the provider at the operating system's own SQLite, so that its security patches come with the system's.</summary>
public static class SqliteNative
{
    private static readonly Lock Gate = new();
    private static Version? version;

    /// <summary>Oldest version with <c>RETURNING</c>, which the stores rely on.</summary>
    public static readonly Version Oldest = new(3, 35, 0);

    /// <summary>Loads the library once; later calls return the same version.</summary>
    public static Version Load()
    {
        lock (Gate)
        {
            if (version is null)
            {
                NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
                raw.SetProvider(new SQLite3Provider_e_sqlite3());
                version = Version.Parse(raw.sqlite3_libversion().utf8_to_string());
            }

            return version;
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != "e_sqlite3")
        {
            return 0;
        }

        string[] candidates =
            OperatingSystem.IsWindows() ? ["winsqlite3"]
            : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib"]
            : ["libsqlite3.so.0", "libsqlite3.so"];
        foreach (var candidate in candidates)
        {
            if (NativeLibrary.TryLoad(candidate, out var handle))
            {
                return handle;
            }
        }

        throw new DllNotFoundException("The system's SQLite was not found. On Debian: apt-get install libsqlite3-0.");
    }
}
