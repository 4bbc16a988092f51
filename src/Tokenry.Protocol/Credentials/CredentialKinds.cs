namespace Tokenry.Protocol.Credentials;

/// <summary>The kind in a credential string, which is also the prefix of the credential's public id.</summary>
public static class CredentialKinds
{
    /// <summary>An application's API key, also an anonymous one: <c>tkr_key_…</c>.</summary>
    public const string ApiKey = "key";

    /// <summary>A user's personal access token: <c>tkr_pat_…</c>.</summary>
    public const string PersonalAccessToken = "pat";

    /// <summary>An OAuth client's secret, accepted only at the token endpoint: <c>tkr_sec_…</c>.</summary>
    public const string ClientSecret = "sec";
}
