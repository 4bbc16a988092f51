namespace Tokenry.Server.Tests.Architecture;

/// <summary>The table of ARCHITECTURE.md under "Who may use whom".</summary>
internal static class RoomTable
{
    private const string Heading = "## Who may use whom";

    /// <summary>Room → the rooms it may use besides itself.</summary>
    public static Dictionary<string, string[]> Read()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "ARCHITECTURE.md"));
        return lines
            .SkipWhile(line => line != Heading)
            .SkipWhile(line => !line.StartsWith('|'))
            .TakeWhile(line => line.StartsWith('|'))
            .Skip(2) // the head and its rule
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(
                cells => cells[0],
                cells => cells[1].Split(',', StringSplitOptions.TrimEntries).Where(room => room is not ("–" or "-" or "")).ToArray()
            );
    }

    /// <summary><c>Features/*</c> of the table stands for each feature; <c>null</c> for what is no room of ours.</summary>
    public static string? RoomOf(string? ns)
    {
        var parts = ns?.Split('.') ?? [];
        return parts switch
        {
            ["Tokenry", "Server", "Features", var feature, ..] => $"Features/{feature}",
            ["Tokenry", "Server", "Foundation", ..] => "Foundation",
            ["Tokenry", "Server", ..] => "Tokenry.Server",
            ["Tokenry", var project, ..] => $"Tokenry.{project}",
            _ => null,
        };
    }

    public static string RowOf(string room) => room.StartsWith("Features/", StringComparison.Ordinal) ? "Features/*" : room;
}
