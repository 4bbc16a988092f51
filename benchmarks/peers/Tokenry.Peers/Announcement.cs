using System.Reflection;
using System.Text.Json;

namespace Tokenry.Peers;

/// <summary>A request of the load, and a text that every good answer to it holds.</summary>
internal sealed record PlannedRequest(string Method, string Path, Dictionary<string, string> Headers, string? Body, string Expect);

/// <summary>The one line of JSON by which a peer says that it serves, and what to ask of it.</summary>
internal sealed record Announcement(
    string Name,
    string Version,
    string Address,
    Dictionary<string, IReadOnlyList<PlannedRequest>> Requests,
    Dictionary<string, string> Signers
)
{
    /// <param name="name">What the tables call it.</param>
    /// <param name="package">A type of the package whose version counts.</param>
    /// <param name="address">Where it serves.</param>
    /// <param name="requests">The load of each path.</param>
    public static async Task WriteAsync(
        string name,
        Type package,
        string address,
        Dictionary<string, IReadOnlyList<PlannedRequest>> requests
    )
    {
        var version = package.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        var announcement = new Announcement(name, version.Split('+')[0], address, requests, []);
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(announcement, JsonSerializerOptions.Web));
    }
}
