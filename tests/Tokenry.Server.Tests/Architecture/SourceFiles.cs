namespace Tokenry.Server.Tests.Architecture;

/// <summary>The sources as they stand in the repository, without what the build writes.</summary>
internal static class SourceFiles
{
    /// <summary>Path from the repository's root, with slashes; its lines.</summary>
    public static IEnumerable<(string Path, string[] Lines)> Of(string folder) =>
        Directory
            .GetFiles(Path.Combine(Repository.Root, folder), "*.*", SearchOption.AllDirectories)
            .Select(file => (File: file, Path: Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')))
            .Where(source =>
                source.Path.EndsWith(".cs", StringComparison.Ordinal) || source.Path.EndsWith(".razor", StringComparison.Ordinal)
            )
            .Where(source =>
                !source.Path.Contains("/obj/", StringComparison.Ordinal) && !source.Path.Contains("/bin/", StringComparison.Ordinal)
            )
            .Select(source => (source.Path, File.ReadAllLines(source.File)));
}
