using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tokenry.Testing;

/// <summary>
/// Signs requests as docs/protocol/rfc9421.md asks for, right or wrong: on the platform's primitives alone, so that nothing of the server's vouches for itself.
/// </summary>
public sealed class RequestSigner
{
    private readonly string _keyId;
    private readonly string _algorithm;
    private readonly Func<byte[], byte[]> _sign;

    private RequestSigner(string keyId, string algorithm, Func<byte[], byte[]> sign) =>
        (_keyId, _algorithm, _sign) = (keyId, algorithm, sign);

    /// <param name="key">An API key.</param>
    public static RequestSigner Of(CreatedCredential key) => Of(key.Id, key.Response.Text("signing_key"));

    public static RequestSigner Of(string keyId, string signingKey)
    {
        var secret = Base64Url.DecodeFromChars(signingKey);
        return new(keyId, "hmac-sha256", input => HMACSHA256.HashData(secret, input));
    }

    /// <param name="keyId">The id under which its public half is registered.</param>
    /// <param name="key">A key on P-256.</param>
    public static RequestSigner Of(string keyId, ClientKey key) =>
        new(keyId, "ecdsa-p256-sha256", input => key.Ecdsa!.SignData(input, HashAlgorithmName.SHA256));

    /// <summary>The headers of a signed request; <paramref name="change"/> makes it another.</summary>
    public Dictionary<string, string> Sign(string method, string url, string? body = null, Action<SignedParts>? change = null)
    {
        var parts = new SignedParts(method, url, body)
        {
            Parameters =
            {
                ["created"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
                ["nonce"] = $"\"{RandomNumberGenerator.GetHexString(32)}\"",
                ["keyid"] = $"\"{_keyId}\"",
                ["alg"] = $"\"{_algorithm}\"",
                ["tag"] = "\"tokenry-v1\"",
            },
        };
        change?.Invoke(parts);
        var input = $"({string.Join(' ', parts.Components)})" + string.Concat(parts.Parameters.Select(p => $";{p.Key}={p.Value}"));
        var lines = parts.Components.Select(component => $"{component}: {parts.ValueOf(component)}");
        var signatureBase = string.Join('\n', lines.Append($"\"@signature-params\": {input}"));
        var headers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Signature-Input"] = $"tokenry={input}",
            ["Signature"] = $"tokenry=:{Convert.ToBase64String(_sign(Encoding.UTF8.GetBytes(signatureBase)))}:",
        };
        if (parts.Values.TryGetValue("content-digest", out var digest))
            headers["Content-Digest"] = digest;
        return headers;
    }
}

/// <summary>What is about to be signed.</summary>
public sealed class SignedParts
{
    internal SignedParts(string method, string url, string? body)
    {
        var rest = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var slash = rest.IndexOf('/');
        var target = slash < 0 ? "/" : rest[slash..];
        var query = target.IndexOf('?');
        Values["@method"] = method;
        Values["@authority"] = slash < 0 ? rest : rest[..slash];
        Values["@path"] = query < 0 ? target : target[..query];
        Values["@query"] = query < 0 ? "?" : target[query..];
        if (body is null)
            return;
        Values["content-digest"] = $"sha-256=:{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(body)))}:";
        Components.Add("\"content-digest\"");
    }

    /// <summary>As they stand between the parentheses.</summary>
    public List<string> Components { get; } = ["\"@method\"", "\"@authority\"", "\"@path\"", "\"@query\""];

    /// <summary>Of the components, by name.</summary>
    public Dictionary<string, string> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>As they are written.</summary>
    public Dictionary<string, string> Parameters { get; } = new(StringComparer.Ordinal);

    public void CreatedAgo(int seconds) =>
        Parameters["created"] = (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - seconds).ToString(CultureInfo.InvariantCulture);

    public void ExpiresIn(int seconds) =>
        Parameters["expires"] = (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + seconds).ToString(CultureInfo.InvariantCulture);

    internal string ValueOf(string component) => Values.GetValueOrDefault(component.Split(';')[0].Trim('"'), "");
}
