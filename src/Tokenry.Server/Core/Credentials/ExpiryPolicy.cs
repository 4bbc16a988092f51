using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Credentials;

/// <summary>How long personal access tokens live by default, and at most (<c>Tokenry:PersonalAccessTokens:…</c>).</summary>
public sealed class ExpiryPolicy(TokenryOptions options)
{
    /// <summary>The expiry of a new credential: the requested one, else the default of its kind.</summary>
    public DateTimeOffset? Resolve(string kind, Optional<DateTimeOffset?> asked, DateTimeOffset now)
    {
        var expiry =
            asked.IsPresent ? asked.Or(null)
            : kind == CredentialKind.PersonalAccessToken ? now + options.PersonalAccessTokens.Lifetime
            : null;
        Check(kind, expiry, now);
        return expiry is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds()) : null;
    }

    /// <exception cref="ProblemException">400: the policy does not allow so late an expiry.</exception>
    public void Check(string kind, DateTimeOffset? expiry, DateTimeOffset now)
    {
        if (
            kind == CredentialKind.PersonalAccessToken
            && options.PersonalAccessTokens.MaxLifetime is { } longest
            && (expiry is null || expiry > now + longest)
        )
        {
            throw ProblemException.Invalid(
                "expires_at",
                new FieldFault("too_far", $"must lie within {longest.TotalDays} days: this server's policy", ("n", longest.TotalDays))
            );
        }
    }
}
