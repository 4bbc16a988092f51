using System.Text.Json.Serialization;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Principals;

namespace Tokenry.Server.Foundation.Storage;

/// <summary>What is stored as JSON and never goes over the wire in that form.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ClientSettings))]
[JsonSerializable(typeof(StoredGrant[]))]
[JsonSerializable(typeof(StoredScope[]))]
[JsonSerializable(typeof(string[]))]
public sealed partial class StoredJson : JsonSerializerContext;
