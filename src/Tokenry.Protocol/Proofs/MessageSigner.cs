using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Proofs;

/// <summary>The fields that sign a request.</summary>
/// <param name="SignatureInput">The value of <c>Signature-Input</c>.</param>
/// <param name="Signature">The value of <c>Signature</c>.</param>
/// <param name="ContentDigest">The value of <c>Content-Digest</c>; null if the request has no body and its method usually has none.</param>
public sealed record SignatureFields(string SignatureInput, string Signature, string? ContentDigest);

/// <summary>Signs requests in the profile of <see cref="MessageSignatureValidator"/> (RFC 9421 §3.1). Immutable and thread-safe.</summary>
public sealed class MessageSigner
{
    private const string Label = "tokenry";
    private const int NonceBytes = 16;

    private readonly RequestSigningKey key;
    private readonly TimeProvider time;
    private readonly string keyId;

    /// <summary>Creates a signer with one key.</summary>
    /// <param name="keyId">The <c>keyid</c> by which the receiver finds the key: 1…200 visible characters.</param>
    /// <param name="key">A key that can sign.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">The id is empty, too long, or has other characters.</exception>
    public MessageSigner(string keyId, RequestSigningKey key, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(keyId);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keyId.Length, VerificationKey.MaxKeyIdLength, nameof(keyId));
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(time);
        this.keyId = Visible(keyId, nameof(keyId));
        this.key = key;
        this.time = time;
    }

    /// <summary>
    /// Signs method, authority, path, query, digest and <paramref name="fields"/>, in this order. The digest is covered if the request has a body, or if its
    /// method usually has one.
    /// </summary>
    /// <param name="message">The request, with its body.</param>
    /// <param name="fields">Names of further fields to cover, in lower case; the request must have them.</param>
    /// <param name="nonce">1…256 visible characters that were not used with this key before; null = 128 random bits.</param>
    /// <exception cref="ArgumentException">A field is absent or its name not valid, a value cannot be signed, or the nonce is not valid.</exception>
    public SignatureFields Sign(HttpMessage message, IEnumerable<string>? fields = null, string? nonce = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (nonce?.Length is 0 or > MessageSignatureValidator.MaxNonceLength)
        {
            throw new ArgumentException("A nonce has 1 to 256 characters.", nameof(nonce));
        }

        var digest =
            message.Body is { } body && (body.Length > 0 || HttpMessage.UsuallyHasContent(message.Method))
                ? ContentDigest.Of(body.Span)
                : null;
        var components = new List<string> { "@method", "@authority", "@path", "@query" };
        if (digest is not null)
        {
            components.Add(ContentDigest.FieldName);
            message = message.WithField(ContentDigest.FieldName, digest);
        }

        components.AddRange((fields ?? []).Except(components));
        var input = Input(components, Visible(nonce ?? NewNonce(), nameof(nonce)));
        var signatureBase = new ArrayBufferWriter<byte>(512);
        if (
            !SignatureInput.TryParse(input, out var read)
            || SignatureBaseWriter.Write(message, read[0], signatureBase) is not MessageSignatureFault.None
        )
        {
            throw new ArgumentException(
                "The request lacks a component that must be signed, or has it in a form that cannot be signed.",
                nameof(message)
            );
        }

        return new SignatureFields(input, $"{Label}=:{Convert.ToBase64String(key.Sign(signatureBase.WrittenSpan))}:", digest);
    }

    private string Input(List<string> components, string nonce)
    {
        var input = new StringBuilder(Label).Append("=(");
        input.AppendJoin(' ', components.Select(component => $"\"{component}\""));
        input.Append($");created={time.GetUtcNow().ToUnixTimeSeconds()};nonce=\"{nonce}\";keyid=\"{keyId}\"");
        input.Append($";alg=\"{key.Algorithm}\";tag=\"{MessageSignatureValidator.Tag}\"");
        return input.ToString();
    }

    private static string NewNonce() => StrictBase64Url.Encode(RandomNumberGenerator.GetBytes(NonceBytes));

    private static string Visible(string text, string parameter) =>
        text.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? throw new ArgumentException("The text must consist of visible ASCII characters.", parameter)
            : text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
