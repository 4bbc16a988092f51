namespace Tokenry.Server.Tests.Architecture;

/// <summary>The tables of ARCHITECTURE.md under "Who may use whom".</summary>
internal static class RoomTable
{
    /// <summary>A project, and the projects it may refer to.</summary>
    public static Dictionary<string, string[]> Projects() =>
        RowsUnder("## Who may use whom")
            .ToDictionary(
                cells => cells[0],
                cells => cells[1].Split(',', StringSplitOptions.TrimEntries).Where(room => room is not ("–" or "-" or "")).ToArray()
            );

    /// <summary>The rooms of the server from the top floor to the lowest: a room uses only rooms below it.</summary>
    public static string[] Rooms() => [.. RowsUnder("### The rooms of the server").Select(cells => cells[0])];

    /// <summary>The room of a namespace; each feature is a room of its own; <c>null</c> for what is no room of the server.</summary>
    public static string? RoomOf(string? ns)
    {
        var parts = ns?.Split('.') ?? [];
        return parts switch
        {
            ["Tokenry", "Server", "Composition", ..] => "Composition",
            ["Tokenry", "Server", var floor, var room, ..] => $"{floor}/{room}",
            _ => null,
        };
    }

    /// <summary>The row that a room has: <c>Features/*</c> stands for each feature.</summary>
    public static string RowOf(string room) => room.StartsWith("Features/", StringComparison.Ordinal) ? "Features/*" : room;

    private static IEnumerable<string[]> RowsUnder(string heading) =>
        File.ReadAllLines(Path.Combine(Repository.Root, "ARCHITECTURE.md"))
            .SkipWhile(line => line != heading)
            .SkipWhile(line => !line.StartsWith('|'))
            .TakeWhile(line => line.StartsWith('|'))
            .Skip(2) // the head and its rule
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries));
}
