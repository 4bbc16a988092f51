using System.Text.Json.Serialization;

namespace Tokenry.Server.Foundation.Hosting;

/// <summary><c>server.json</c> and <see cref="RunningServers"/>: a server and how a command on this host reaches it.</summary>
/// <param name="ProcessId">Of the operating system.</param>
/// <param name="Urls">The issuer.</param>
/// <param name="ControlSocket">Path of the socket that commands go to.</param>
/// <param name="DataDirectory">Full path.</param>
public sealed record ServerState(int ProcessId, string Urls, string ControlSocket, string DataDirectory);

/// <summary>One line on the control socket: a verb of the command line and its options.</summary>
public sealed record ControlRequest(string Verb, Dictionary<string, string> Options);

/// <summary>The line that answers: what goes to stdout, and words for stderr. A class and not a record: a record would print the token.</summary>
public sealed class ControlAnswer(string? output, string? message, bool failed = false)
{
    public string? Output => output;

    public string? Message => message;

    public bool Failed => failed;
}

/// <summary>The key file: versioned secrets, base64, by version number.</summary>
public sealed record KeyFileContent(
    Dictionary<int, byte[]> Peppers,
    Dictionary<int, byte[]> KeyEncryptionKeys,
    Dictionary<int, byte[]> AuditKeys
);

/// <summary>The key file where a PKCS#11 token guards it.</summary>
/// <param name="TokenLabel">The label of the token that sealed it, for words.</param>
/// <param name="KeyId">The <c>CKA_ID</c> of the secret on it.</param>
/// <param name="Salt">What the token derives the key from.</param>
/// <param name="Content">A <see cref="KeyFileContent"/>, sealed (<see cref="AesGcmBox"/>).</param>
public sealed record SealedKeyFile(string TokenLabel, string KeyId, byte[] Salt, byte[] Content);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(SealedKeyFile))]
[JsonSerializable(typeof(ServerState))]
[JsonSerializable(typeof(KeyFileContent))]
internal sealed partial class HostingJson : JsonSerializerContext;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class ControlJson : JsonSerializerContext;
