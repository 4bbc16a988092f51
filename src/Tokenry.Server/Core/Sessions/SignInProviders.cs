using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Talks to outside OpenID Connect providers: authorization code flow with PKCE, state and nonce (OpenID Connect Core §3.1, RFC 9700 §2.1). Tokens are verified
/// as those of federated identities are, with the keys of the provider.
/// </summary>
public sealed class SignInProviders(TokenryOptions options, Egress egress, IssuerKeys issuerKeys, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly FederatedTokenValidator validator = new(time);
    private readonly ConcurrentDictionary<string, (ProviderAddresses? Found, long At)> known = new(StringComparer.Ordinal);

    /// <summary>The address to which the provider sends the person back.</summary>
    public string CallbackOf(SignInProviderOptions provider) => $"{BrowserAddress.Of(options)}/sign-in/with/{provider.Name}/callback";

    /// <summary>The address at the provider to which the person goes; <c>null</c> = the provider does not answer.</summary>
    public async Task<string?> AddressAsync(SignInProviderOptions provider, ProviderSignIn signIn)
    {
        if (await DiscoverAsync(provider) is not { } addresses)
        {
            return null;
        }

        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(signIn.Verifier)));
        var query = string.Join(
            '&',
            new (string Name, string Value)[]
            {
                ("response_type", "code"),
                ("client_id", provider.ClientId),
                ("redirect_uri", CallbackOf(provider)),
                ("scope", provider.Scopes),
                ("state", signIn.State),
                ("nonce", signIn.Nonce),
                ("code_challenge", challenge),
                ("code_challenge_method", "S256"),
            }.Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value)}")
        );
        return addresses.Authorization + (addresses.Authorization.Contains('?', StringComparison.Ordinal) ? "&" : "?") + query;
    }

    /// <summary>Exchanges the code for the token of the person, and verifies it.</summary>
    /// <returns>Who the person is; <c>null</c> = the provider refuses the code, or its token is not valid.</returns>
    public async Task<ProviderIdentity?> RedeemAsync(SignInProviderOptions provider, string code, ProviderSignIn signIn)
    {
        if (await DiscoverAsync(provider) is not { } addresses)
        {
            return null;
        }

        List<KeyValuePair<string, string>> form =
        [
            new("grant_type", "authorization_code"),
            new("code", code),
            new("redirect_uri", CallbackOf(provider)),
            new("code_verifier", signIn.Verifier),
        ];
        AuthenticationHeaderValue? authorization = null;
        if (provider.ClientSecret is { } secret)
        {
            // RFC 6749 §2.3.1: each part is form-encoded before it is joined.
            var pair = $"{Uri.EscapeDataString(provider.ClientId)}:{Uri.EscapeDataString(secret.Reveal())}";
            authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        }
        else
        {
            form.Add(new("client_id", provider.ClientId));
        }

        return await egress.PostAsync(addresses.Token, form, authorization) is { } body && TokenIn(body) is { } token
            ? await VerifyAsync(provider, addresses, token, signIn.Nonce)
            : null;
    }

    private async Task<ProviderIdentity?> VerifyAsync(
        SignInProviderOptions provider,
        ProviderAddresses addresses,
        string token,
        string nonce
    )
    {
        // What the token claims before its signature is checked finds the key and names the subject that the check then compares.
        if (!FederatedTokenValidator.TryReadIssuer(token, out _, out var keyId) || Payload(token) is not { } unverified)
        {
            return null;
        }

        using (unverified)
        {
            var claims = unverified.RootElement;
            if (
                Text(claims, "sub") is not { } subject
                || !ClaimPattern.TryParse(subject, literalSegments: int.MaxValue, out var exactly)
                || await issuerKeys.GetAsync(addresses.Keys, keyId) is not { } keys
            )
            {
                return null;
            }

            var trust = new FederatedTrust(provider.Issuer, provider.ClientId, exactly, []);
            return
                validator.Validate(token, trust, keys.FindAll).IsValid
                && Text(claims, "nonce") == nonce
                // OpenID Connect Core §3.1.3.7: a token for several parties names the one it was issued to.
                && (Text(claims, "azp") ?? (IsForOne(claims) ? provider.ClientId : null)) == provider.ClientId
                ? new ProviderIdentity(
                    provider.Issuer,
                    subject,
                    Text(claims, "email"),
                    Text(claims, "name"),
                    Values(claims, provider.Claim)
                )
                : null;
        }
    }

    private async Task<ProviderAddresses?> DiscoverAsync(SignInProviderOptions provider)
    {
        var now = time.GetTimestamp();
        if (
            known.TryGetValue(provider.Name, out var last)
            && time.GetElapsedTime(last.At, now) is var age
            && age < (last.Found is null ? Pause : Fresh)
        )
        {
            return last.Found;
        }

        var body = await egress.GetAsync(new Uri(provider.Issuer.TrimEnd('/') + "/.well-known/openid-configuration"));
        var found = body is null ? null : AddressesIn(body, provider.Issuer);
        found ??= last.Found; // what a provider said before holds until it says something else
        known[provider.Name] = (found, now);
        return found;
    }

    /// <summary>OpenID Connect Discovery §4.3: the document must name the issuer that it was asked from.</summary>
    private ProviderAddresses? AddressesIn(byte[] body, string issuer)
    {
        if (!StrictJson.TryParseObject(body, out var document))
        {
            return null;
        }

        using (document)
        {
            var root = document.RootElement;
            return
                Text(root, "issuer") == issuer
                && Address(root, "authorization_endpoint") is { } authorization
                && Address(root, "token_endpoint") is { } token
                && Address(root, "jwks_uri") is { } keys
                ? new ProviderAddresses(authorization.AbsoluteUri, token, keys)
                : null;
        }

        Uri? Address(JsonElement root, string name) =>
            Uri.TryCreate(Text(root, name), UriKind.Absolute, out var address) && Egress.IsAddress(address, options) ? address : null;
    }

    private static string? TokenIn(byte[] body)
    {
        if (!StrictJson.TryParseObject(body, out var document))
        {
            return null;
        }

        using (document)
        {
            return Text(document.RootElement, "id_token");
        }
    }

    private static JsonDocument? Payload(string token)
    {
        var parts = token.Split('.');
        return
            parts.Length == 3 && Base64Url.IsValid(parts[1]) && StrictJson.TryParseObject(Base64Url.DecodeFromChars(parts[1]), out var read)
            ? read
            : null;
    }

    private static bool IsForOne(JsonElement claims) =>
        claims.TryGetProperty("aud", out var audience)
        && (audience.ValueKind == JsonValueKind.String || (audience.ValueKind == JsonValueKind.Array && audience.GetArrayLength() == 1));

    private static string? Text(JsonElement source, string name) =>
        source.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    private static IReadOnlyList<string> Values(JsonElement claims, string name) =>
        Text(claims, name) is { } one ? [one]
        : claims.TryGetProperty(name, out var several) && several.ValueKind == JsonValueKind.Array
            ? [.. several.EnumerateArray().Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!)]
        : [];

    private sealed record ProviderAddresses(string Authorization, Uri Token, Uri Keys);
}
