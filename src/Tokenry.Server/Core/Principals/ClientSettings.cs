using System.Text.Json.Serialization;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Principals;

/// <summary>How an application authenticates as an OAuth client, and what its tokens must be bound to. Stored as JSON without default values.</summary>
public sealed record ClientSettings
{
    public static readonly ClientSettings Default = new();

    /// <summary>Preferred first, of <see cref="Protocol.Api.ClientAuthenticationMethod"/>; <c>null</c> = every method it has credentials for.</summary>
    public IReadOnlyList<string>? Methods { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool AcceptsUntypedAssertions { get; init; }

    /// <summary>Whether the server accepts its assertions in the default form of client libraries, rather than only in the strict form.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool CompatibleAssertions { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool DpopBound { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool CertificateBound { get; init; }

    /// <summary>Identifiers of the API resources it may exchange tokens for; <c>null</c> = none.</summary>
    public IReadOnlyList<string>? ExchangeAudiences { get; init; }

    /// <summary>Whether it is a public client (RFC 6749 §2.1), which needs an explicit setting.</summary>
    [JsonIgnore]
    public bool IsPublic => Methods is not null && Takes(Protocol.Api.ClientAuthenticationMethod.None);

    /// <summary>Whether it may exchange tokens for that API resource.</summary>
    public bool ExchangesFor(string api) => ExchangeAudiences is not null && ExchangeAudiences.Contains(api, StringComparer.Ordinal);

    /// <summary>Whether the client may authenticate with this method.</summary>
    public bool Takes(string method) => Methods is null || Methods.Contains(method, StringComparer.Ordinal);

    public static ClientSettings Read(string? column) =>
        column is null ? Default : JsonColumn.Read(column, ClientSettingsJson.Default.ClientSettings);

    public string? Write() => Equals(Default) ? null : JsonColumn.Write(this, ClientSettingsJson.Default.ClientSettings);
}

/// <summary>How client settings are stored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ClientSettings))]
internal sealed partial class ClientSettingsJson : JsonSerializerContext;
