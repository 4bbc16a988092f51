using System.Text.Json;

namespace Tokenry.Protocol.Tests.Vectors;

/// <summary>A file of test vectors. The data is never edited; where we differ from it, the test says so and why.</summary>
internal static class VectorFile
{
    public static JsonElement Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Vectors", name)));
        return document.RootElement.Clone();
    }

    /// <summary>All cases with the group each belongs to.</summary>
    public static IEnumerable<(JsonElement Group, JsonElement Case)> Wycheproof(string name)
    {
        var file = Read($"wycheproof/{name}_test.json");
        var cases = file.GetProperty("testGroups")
            .EnumerateArray()
            .SelectMany(group => group.GetProperty("tests").EnumerateArray().Select(test => (group, test)))
            .ToList();
        Assert.Equal(file.GetProperty("numberOfTests").GetInt32(), cases.Count);
        return cases;
    }

    public static int Id(this JsonElement test) => test.GetProperty("tcId").GetInt32();

    public static bool IsValid(this JsonElement test) => test.GetProperty("result").GetString() is "valid";

    public static byte[] Hex(this JsonElement test, string name) => Convert.FromHexString(test.GetProperty(name).GetString()!);

    public static string Text(this JsonElement test, string name) => test.GetProperty(name).GetString()!;
}
