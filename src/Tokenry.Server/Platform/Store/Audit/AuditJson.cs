using System.Text.Json.Serialization;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>The protected header of a signed head.</summary>
internal sealed record HeadHeader(string Alg, string Typ, string Kid);

/// <summary>The payload of a signed head.</summary>
/// <param name="Seq">The event's position.</param>
/// <param name="Hash">Its hash, lower-case hex.</param>
/// <param name="Time">When the head was made.</param>
/// <param name="Mac">HMAC-SHA256 of the other members under the audit key, lower-case hex.</param>
/// <param name="Store">The store's id; versions before 0.2 did not write it.</param>
internal sealed record HeadClaims(long Seq, string Hash, DateTimeOffset Time, string Mac, string? Store = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(TimestampConverter)])]
[JsonSerializable(typeof(HeadHeader))]
[JsonSerializable(typeof(HeadClaims))]
internal sealed partial class AuditJson : JsonSerializerContext;
