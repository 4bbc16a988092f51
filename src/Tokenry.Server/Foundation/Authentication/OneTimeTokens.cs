using System.Security.Cryptography;
using System.Text;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Authentication;

/// <summary>Access tokens for an API whose tokens are good for one verification (<see cref="ApiResourceFacts.OneTimeTokens"/>).</summary>
public sealed class OneTimeTokens(Database database)
{
    /// <summary>In <see cref="SingleUse"/>.</summary>
    private const string UseKind = "access_token";

    /// <summary>Uses up what is good once. Where no API was asked about, too: else whoever asks so would never use it up.</summary>
    /// <returns><c>false</c> where it was used before.</returns>
    public async ValueTask<bool> UseAsync(Catalog catalog, Authenticated credential)
    {
        if (credential.Token is not { } token || !token.Audience.Any(api => catalog.Resource(api) is { OneTimeTokens: true }))
        {
            return true;
        }

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(token.TokenId));
        return await database.WriteAsync(tx => SingleUse.ClaimAsync(tx, UseKind, hash, token.ExpiresAt.ToUnixTimeMilliseconds()));
    }
}
