namespace Tokenry.Testing;

/// <summary>Where things are, found from wherever the test assembly happens to run.</summary>
public static class Repository
{
    private static readonly Lazy<string> Found = new(Find);

    public static string Root => Found.Value;

    /// <summary>The server as it is shipped: always the Release build.</summary>
    public static string ServerDll => Path.Combine(Root, "src", "Tokenry.Server", "bin", "Release", "net10.0", "Tokenry.Server.dll");

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Tokenry.slnx")))
                return directory.FullName;
        }
        throw new InvalidOperationException($"No Tokenry.slnx above {AppContext.BaseDirectory}");
    }
}
