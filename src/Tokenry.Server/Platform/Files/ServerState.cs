using System.Text.Json.Serialization;

namespace Tokenry.Server.Platform.Files;

/// <summary>The content of <c>server.json</c> and of the list of running servers: a server and how a command on this host reaches it.</summary>
/// <param name="ProcessId">Its process id in the operating system.</param>
/// <param name="Urls">The issuer.</param>
/// <param name="ControlSocket">The path of the socket that receives commands.</param>
/// <param name="DataDirectory">The full path of the data directory.</param>
public sealed record ServerState(int ProcessId, string Urls, string ControlSocket, string DataDirectory);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ServerState))]
internal sealed partial class ServerStateJson : JsonSerializerContext;
