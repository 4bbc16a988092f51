using System.Text.Json.Serialization;

namespace Tokenry.Server.Platform.Settings;

/// <summary>A request on the control socket, one line: a verb of the command line and its options.</summary>
public sealed record ControlRequest(string Verb, Dictionary<string, string> Options);

/// <summary>The answer line: the text for stdout, and messages for stderr. A class and not a record: a record would print the token.</summary>
public sealed class ControlAnswer(string? output, string? message, bool failed = false)
{
    public string? Output => output;

    public string? Message => message;

    public bool Failed => failed;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class ControlJson : JsonSerializerContext;
