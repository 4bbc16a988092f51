namespace Tokenry.Protocol.Credentials;

/// <summary>The middle word of a credential string, and the prefix of the same credential's public id.</summary>
public static class CredentialKinds
{
    /// <summary>An application's API key, anonymous ones included: <c>tkr_key_…</c>.</summary>
    public const string ApiKey = "key";

    /// <summary>A user's personal access token: <c>tkr_pat_…</c>.</summary>
    public const string PersonalAccessToken = "pat";

    /// <summary>An OAuth client's secret, good at the token endpoint only: <c>tkr_sec_…</c>.</summary>
    public const string ClientSecret = "sec";
}
