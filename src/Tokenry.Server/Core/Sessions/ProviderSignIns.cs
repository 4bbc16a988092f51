using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Sign-ins that are under way at an outside provider. Each is a sealed cookie of the browser, so that every replica knows it and strangers write no row. The
/// mutation that it allows claims it.
/// </summary>
public sealed class ProviderSignIns(KeyRing keys, TimeProvider time)
{
    /// <summary>How long the person has at the provider.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private const string Kind = "provider_sign_in";
    private const int RandomBytes = 32;
    private const int LongestText = 4096;
    private const int Parts = 7;

    /// <summary>Begins a sign-in.</summary>
    /// <param name="provider">The name of the provider.</param>
    /// <param name="next">The page to go on with.</param>
    /// <param name="session">The session to whose user the account is to be linked; <c>null</c> = to sign in.</param>
    public ProviderSignIn Begin(string provider, string next, string? session) =>
        new(provider, Random(), Random(), Random(), next, session, (time.GetUtcNow() + Life).ToUnixTimeMilliseconds());

    /// <summary>The value of the cookie.</summary>
    public string Seal(ProviderSignIn signIn) =>
        Sealed(
            string.Join(
                '\n',
                signIn.Provider,
                signIn.State,
                signIn.Nonce,
                signIn.Verifier,
                signIn.Next,
                signIn.Session,
                signIn.ExpiresAt.ToString(CultureInfo.InvariantCulture)
            ),
            Kind
        );

    /// <summary>The sign-in that a cookie names; <c>null</c> = it expired, or is none.</summary>
    public ProviderSignIn? Open(string? cookie) =>
        Opened(cookie, Kind)?.Split('\n') is { Length: Parts } parts
        && long.Parse(parts[6], CultureInfo.InvariantCulture) is var end
        && end > time.GetUtcNow().ToUnixTimeMilliseconds()
            ? new ProviderSignIn(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5].Length == 0 ? null : parts[5], end)
            : null;

    /// <summary>An account that a person proved in this session, to be linked by the next form.</summary>
    public string SealAccount(ProviderIdentity identity, string session) =>
        Sealed(
            string.Join(
                '\n',
                identity.Issuer,
                identity.Subject,
                identity.Label,
                (time.GetUtcNow() + Life).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)
            ),
            $"linked_account/{session}"
        );

    /// <summary>That account; <c>null</c> = it expired, or was proved in another session, or is none.</summary>
    public (string Issuer, string Subject, string Label)? OpenAccount(string? text, string session) =>
        Opened(text, $"linked_account/{session}")?.Split('\n') is { Length: 4 } parts
        && long.Parse(parts[3], CultureInfo.InvariantCulture) > time.GetUtcNow().ToUnixTimeMilliseconds()
            ? (parts[0], parts[1], parts[2])
            : null;

    /// <summary>Claims a sign-in for the mutation that it allows.</summary>
    /// <returns>Whether it was used for none before, on any replica.</returns>
    public static Task<bool> ClaimAsync(WriteTransaction tx, ProviderSignIn signIn) =>
        SingleUse.ClaimAsync(tx, Kind, SHA256.HashData(Encoding.UTF8.GetBytes(signIn.State)), signIn.ExpiresAt + 60_000);

    private string Sealed(string plain, string purpose) => Base64Url.EncodeToString(keys.Seal(Encoding.UTF8.GetBytes(plain), purpose));

    private string? Opened(string? text, string purpose)
    {
        if (text is not { Length: > 0 and <= LongestText } || !Base64Url.IsValid(text, out var length) || length == 0)
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(keys.Open(Base64Url.DecodeFromChars(text), purpose));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));
}

/// <summary>A sign-in that is under way. A class and not a record: a record would print the verifier.</summary>
public sealed class ProviderSignIn(
    string provider,
    string state,
    string nonce,
    string verifier,
    string next,
    string? session,
    long expiresAt
)
{
    /// <summary>The name of the provider.</summary>
    public string Provider => provider;

    /// <summary>RFC 6749 §10.12: the provider sends it back.</summary>
    public string State => state;

    /// <summary>OpenID Connect Core §3.1.2.1: the token must contain it.</summary>
    public string Nonce => nonce;

    /// <summary>RFC 7636: proves to the provider who asked for the code.</summary>
    public string Verifier => verifier;

    public string Next => next;

    /// <summary>The session to whose user the account is to be linked; <c>null</c> = to sign in.</summary>
    public string? Session => session;

    /// <summary>Unix ms.</summary>
    public long ExpiresAt => expiresAt;
}

/// <summary>Who a provider says that a person is.</summary>
/// <param name="Issuer">The provider.</param>
/// <param name="Subject">The account there.</param>
/// <param name="Email">The e-mail address, as the provider claims it; it finds no user.</param>
/// <param name="Name">The person's name.</param>
/// <param name="Values">The values of the claim that gives roles and organizations.</param>
public sealed record ProviderIdentity(string Issuer, string Subject, string? Email, string? Name, IReadOnlyList<string> Values)
{
    private const int LongestLabel = 200;

    /// <summary>The account for people, in one line.</summary>
    public string Label
    {
        get
        {
            var text = string.Concat((Email ?? Name ?? Subject).Where(letter => !char.IsControl(letter)));
            return text.Length > LongestLabel ? text[..LongestLabel] : text;
        }
    }
}
