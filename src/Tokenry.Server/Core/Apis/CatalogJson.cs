using System.Text.Json.Serialization;

namespace Tokenry.Server.Core.Apis;

/// <summary>The stored form of permissions and scopes; the HTTP API has another form.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(StoredGrant[]))]
[JsonSerializable(typeof(StoredScope[]))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class CatalogJson : JsonSerializerContext;
