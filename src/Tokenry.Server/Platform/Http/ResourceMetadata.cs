using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>The URL of protected resource metadata (RFC 9728), for challenges.</summary>
public static class ResourceMetadata
{
    public const string Path = "/.well-known/oauth-protected-resource";

    /// <param name="options">The configuration.</param>
    /// <param name="apiId">The API resource's public id; <c>null</c> = Tokenry's own API.</param>
    public static string Of(TokenryOptions options, string? apiId = null) =>
        apiId is null ? options.Issuer + Path : $"{options.Issuer}{Path}/{apiId}";
}
