using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Authentication;

/// <summary>Access tokens for an API whose tokens are accepted for one verification only (<see cref="ApiResourceFacts.OneTimeTokens"/>).</summary>
public sealed class OneTimeTokens(Database database)
{
    /// <summary>In <see cref="SingleUse"/>.</summary>
    private const string UseKind = "access_token";

    /// <summary>Uses up a one-time token. It does so even if the request names no API; otherwise a caller that names none would never use it up.</summary>
    /// <returns><c>false</c> if it was used before.</returns>
    public async ValueTask<bool> UseAsync(Catalog catalog, Authenticated credential) =>
        !IsGoodOnce(catalog, credential, out var token) || await SingleUse.ClaimAloneAsync(database, UseKind, Hash(token), token.ExpiresAt);

    /// <summary>Whether it is a one-time token that was used. This check uses nothing up.</summary>
    public async ValueTask<bool> IsUsedAsync(Catalog catalog, Authenticated credential) =>
        IsGoodOnce(catalog, credential, out var token)
        && await database.ReadAsync(connection => SingleUse.IsClaimedAsync(connection, UseKind, Hash(token)));

    private static bool IsGoodOnce(Catalog catalog, Authenticated credential, [NotNullWhen(true)] out AccessToken? token)
    {
        token = credential.Token;
        return token is not null && token.Audience.Any(api => catalog.Resource(api) is { OneTimeTokens: true });
    }

    private static byte[] Hash(AccessToken token) => SHA256.HashData(Encoding.UTF8.GetBytes(token.TokenId));
}
