using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Tokenry.Protocol.Proofs;

/// <summary>What a message signature proved, its key and its request being right.</summary>
/// <param name="KeyId"><c>keyid</c>: whose key it was, as the verifier looked it up; 1…200 characters.</param>
/// <param name="Nonce"><c>nonce</c>, 1…256 visible characters.</param>
/// <param name="KeepUntil">From when on the same signature is refused for its age alone, so that it may be forgotten.</param>
public sealed record MessageProof(string KeyId, string Nonce, DateTimeOffset KeepUntil)
{
    /// <summary>
    /// SHA-256 by which a signature that comes twice is known again (RFC 9421 §7.2.2): of <c>keyid</c> and <c>nonce</c>, so that nobody can use up
    /// another's nonce. To be claimed after all other checks: a signature that fails uses up nothing.
    /// </summary>
    public byte[] ReplayKey() => SHA256.HashData(Encoding.UTF8.GetBytes($"{KeyId}\n{Nonce}"));
}

/// <summary>Why a message signature does not prove what it should. For the audit; the client hears one constant.</summary>
public enum MessageSignatureFault
{
    /// <summary>The signature is good.</summary>
    None,

    /// <summary>There is none with our tag: the request is not signed, or for somebody else.</summary>
    Absent,

    /// <summary>A field is not the dictionary it should be (RFC 9651), over 8 KiB, or has a label or a parameter twice.</summary>
    Malformed,

    /// <summary>A label of one field is not in the other.</summary>
    Unpaired,

    /// <summary>Two signatures have our tag: neither is taken for the other.</summary>
    Several,

    /// <summary><c>created</c>, <c>keyid</c> or <c>nonce</c> is missing, too long, or has other than visible characters.</summary>
    InvalidParameters,

    /// <summary>The <c>alg</c>, or the key, is of an algorithm that we never take: Ed25519, RSA and all others.</summary>
    UnsupportedAlgorithm,

    /// <summary>The <c>alg</c> is not the key's.</summary>
    WrongAlgorithm,

    /// <summary>A component comes twice, is derived in a way we do not know, has a parameter, or is not named in lower case.</summary>
    InvalidComponents,

    /// <summary>Method, authority, path, query or, beside a body, its digest is not covered.</summary>
    Uncovered,

    /// <summary><c>created</c> lies too far back, <c>expires</c> has come, or lies before <c>created</c>.</summary>
    Expired,

    /// <summary><c>created</c> lies too far ahead.</summary>
    NotYetValid,

    /// <summary>A covered field is not in the message.</summary>
    MissingField,

    /// <summary>A covered value has line ends, control characters or characters outside ASCII: the request is a bad one (400).</summary>
    InvalidMessage,

    /// <summary>The signature is not the key's.</summary>
    BadSignature,

    /// <summary>The <c>Content-Digest</c> is not the body's.</summary>
    WrongDigest,
}

/// <summary>What <see cref="MessageSignature.Verify"/> found: a good signature, or one fault.</summary>
public sealed class MessageSignatureResult
{
    private MessageSignatureResult(MessageSignatureFault fault, MessageProof? proof) => (Fault, Proof) = (fault, proof);

    /// <summary>The first thing found wrong, or <see cref="MessageSignatureFault.None"/>.</summary>
    public MessageSignatureFault Fault { get; }

    /// <summary>What was proved, when the signature is good.</summary>
    public MessageProof? Proof { get; }

    /// <summary>True when the signature is good, but for whether it was used before.</summary>
    [MemberNotNullWhen(true, nameof(Proof))]
    public bool IsValid => Proof is not null;

    internal static MessageSignatureResult Valid(MessageProof proof) => new(MessageSignatureFault.None, proof);

    internal static MessageSignatureResult Invalid(MessageSignatureFault fault) => new(fault, proof: null);
}

/// <summary>
/// A signature that <see cref="MessageSignatureValidator.Read"/> found worth the look for its key: in form, coverage and time as it should be, and
/// <em>not</em> yet believed.
/// </summary>
public sealed class MessageSignature
{
    private readonly byte[] signature;
    private readonly MessageProof proof;

    internal MessageSignature(SignatureInput input, byte[] signature, DateTimeOffset keepUntil)
    {
        Input = input;
        this.signature = signature;
        proof = new MessageProof(input.KeyId!, input.Nonce!, keepUntil);
    }

    /// <summary>What it says of itself.</summary>
    public SignatureInput Input { get; }

    /// <summary>The key it claims, 1…200 visible characters.</summary>
    public string KeyId => proof.KeyId;

    /// <summary>
    /// Looks at it with its key. The signature is verified before the body is hashed. <em>Not</em> checked: that it was not used before, which needs a
    /// store (<see cref="MessageProof.ReplayKey"/>).
    /// </summary>
    /// <param name="message">The request it came with.</param>
    /// <param name="key">The key of <see cref="KeyId"/>.</param>
    public MessageSignatureResult Verify(HttpMessage message, RequestSigningKey key)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(key);
        var coversContent = Input.Covers(ContentDigest.FieldName);
        if (key.Algorithm is null)
        {
            return MessageSignatureResult.Invalid(MessageSignatureFault.UnsupportedAlgorithm);
        }

        if (Input.Algorithm is { } algorithm && algorithm != key.Algorithm)
        {
            return MessageSignatureResult.Invalid(MessageSignatureFault.WrongAlgorithm);
        }

        if (message.Body is { Length: > 0 } && !coversContent)
        {
            return MessageSignatureResult.Invalid(MessageSignatureFault.Uncovered);
        }

        var signatureBase = new ArrayBufferWriter<byte>(512);
        var fault = SignatureBaseWriter.Write(message, Input, signatureBase);
        if (fault != MessageSignatureFault.None)
        {
            return MessageSignatureResult.Invalid(fault);
        }

        if (!key.Verify(signatureBase.WrittenSpan, signature))
        {
            return MessageSignatureResult.Invalid(MessageSignatureFault.BadSignature);
        }

        return coversContent && message.Body is { } body && !ContentDigest.Matches(message.Fields(ContentDigest.FieldName), body.Span)
            ? MessageSignatureResult.Invalid(MessageSignatureFault.WrongDigest)
            : MessageSignatureResult.Valid(proof);
    }
}
