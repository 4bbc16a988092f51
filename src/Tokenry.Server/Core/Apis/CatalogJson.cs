using System.Text.Json.Serialization;

namespace Tokenry.Server.Core.Apis;

/// <summary>How permissions and scopes are stored; on the wire they have another form.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(StoredGrant[]))]
[JsonSerializable(typeof(StoredScope[]))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class CatalogJson : JsonSerializerContext;
