using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Tokenry.Testing;

/// <summary>Every guise in which a secret might have been written down.</summary>
internal static class SecretForms
{
    /// <summary>The bytes to look for, by what they are called.</summary>
    public static IEnumerable<(string Form, byte[] Bytes)> Of(string secret)
    {
        var raw = Encoding.UTF8.GetBytes(secret);
        yield return ("raw", raw);
        // The unpeppered hash: whoever has it can tell whether a string they found is the credential.
        foreach (var (name, bytes) in new[] { ("", raw), ("SHA-256, ", SHA256.HashData(raw)) })
        {
            if (name.Length > 0)
                yield return (name + "raw", bytes);
            yield return (name + "hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes)));
            yield return (name + "HEX", Encoding.ASCII.GetBytes(Convert.ToHexString(bytes)));
            // Inside a longer text base64 depends on where the secret begins: three ways, of which the middle is certain.
            for (var offset = 0; offset < 3; offset++)
            {
                var text = Convert.ToBase64String([.. new byte[offset], .. bytes]);
                var certain = text[(offset == 0 ? 0 : 4)..^4];
                yield return ($"{name}base64 +{offset}", Encoding.ASCII.GetBytes(certain));
                yield return ($"{name}base64url +{offset}", Encoding.ASCII.GetBytes(certain.Replace('+', '-').Replace('/', '_')));
            }
        }
        yield return ("url-encoded", Encoding.ASCII.GetBytes(Uri.EscapeDataString(secret)));
        yield return ("every character url-encoded", Encoding.ASCII.GetBytes(string.Concat(raw.Select(b => $"%{b:X2}"))));
        // Without brand and checksum: the random part alone is as good as the whole.
        if (secret.StartsWith("tkr_", StringComparison.Ordinal))
            yield return ("random part", Encoding.ASCII.GetBytes(secret[^49..^6]));
        // A signing key is written in base64url; its bytes sign as well.
        if (secret.Length == 43 && Base64Url.IsValid(secret))
        {
            yield return ("key bytes", Base64Url.DecodeFromChars(secret));
            yield return ("key bytes, hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(Base64Url.DecodeFromChars(secret))));
        }
        // The signature is what makes a JWT good; header and claims are no secret.
        if (secret.Split('.') is [_, _, var signature])
            yield return ("signature", Encoding.ASCII.GetBytes(signature));
    }

    /// <summary>Where a secret stands in <paramref name="text"/>: nothing is good.</summary>
    public static IEnumerable<string> Found(IReadOnlyDictionary<string, string> secrets, byte[] text, string where)
    {
        foreach (var (name, secret) in secrets)
        {
            foreach (var (form, bytes) in Of(secret))
            {
                if (text.AsSpan().IndexOf(bytes) is var at and >= 0)
                    yield return $"{where}: {name} ({form}) at byte {at}";
            }
        }
    }
}
