using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>Where protected resource metadata (RFC 9728) is, as challenges name it.</summary>
public static class ResourceMetadata
{
    public const string Path = "/.well-known/oauth-protected-resource";

    /// <param name="options">The configuration.</param>
    /// <param name="apiId">The API resource's public id; <c>null</c> = Tokenry's own API.</param>
    public static string Of(TokenryOptions options, string? apiId = null) =>
        apiId is null ? options.Issuer + Path : $"{options.Issuer}{Path}/{apiId}";
}
