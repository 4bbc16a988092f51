using System.Text.Json.Serialization;

namespace Tokenry.Server.Platform.Files;

/// <summary><c>server.json</c> and the list of running servers: a server and how a command on this host reaches it.</summary>
/// <param name="ProcessId">Of the operating system.</param>
/// <param name="Urls">The issuer.</param>
/// <param name="ControlSocket">Path of the socket that commands go to.</param>
/// <param name="DataDirectory">Full path.</param>
public sealed record ServerState(int ProcessId, string Urls, string ControlSocket, string DataDirectory);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ServerState))]
internal sealed partial class ServerStateJson : JsonSerializerContext;
