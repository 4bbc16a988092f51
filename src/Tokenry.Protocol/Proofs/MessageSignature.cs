using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Tokenry.Protocol.Proofs;

/// <summary>The content of a message signature with a valid key and the right request.</summary>
/// <param name="KeyId"><c>keyid</c>: the id by which the verifier found the key; 1…200 characters.</param>
/// <param name="Nonce"><c>nonce</c>, 1…256 visible characters.</param>
/// <param name="KeepUntil">From this time on, the server refuses the signature because of its age and may forget it.</param>
public sealed record MessageProof(string KeyId, string Nonce, DateTimeOffset KeepUntil)
{
    /// <summary>
    /// The SHA-256 by which the server recognises a replayed signature (RFC 9421 §7.2.2). It covers <c>keyid</c> and <c>nonce</c>, so that a client cannot use
    /// up the nonce of another. Claim it after all other checks, so that a failed signature uses up nothing.
    /// </summary>
    public byte[] ReplayKey() => SHA256.HashData(Encoding.UTF8.GetBytes($"{KeyId}\n{Nonce}"));
}

/// <summary>Why a message signature is not valid. For the audit; the client always gets the same answer.</summary>
public enum MessageSignatureFault
{
    /// <summary>The signature is valid.</summary>
    None,

    /// <summary>No signature has Tokenry's tag: the request is not signed, or signed for another receiver.</summary>
    Absent,

    /// <summary>A field is not a dictionary (RFC 9651), is over 8 KiB, or has a label or a parameter twice.</summary>
    Malformed,

    /// <summary>A label appears in only one of the two fields.</summary>
    Unpaired,

    /// <summary>Two signatures have Tokenry's tag, so it is unclear which one counts.</summary>
    Several,

    /// <summary><c>created</c>, <c>keyid</c> or <c>nonce</c> is missing or too long, or has characters that are not visible ASCII.</summary>
    InvalidParameters,

    /// <summary>The <c>alg</c>, or the key, has an algorithm that is not accepted, such as Ed25519 or RSA.</summary>
    UnsupportedAlgorithm,

    /// <summary>The <c>alg</c> is not the key's algorithm.</summary>
    WrongAlgorithm,

    /// <summary>A component appears twice, is an unknown derived component, has a parameter, or is not in lower case.</summary>
    InvalidComponents,

    /// <summary>The signature does not cover method, authority, path, query or, with a body, its digest.</summary>
    Uncovered,

    /// <summary><c>created</c> is too far in the past, or <c>expires</c> has passed or is before <c>created</c>.</summary>
    Expired,

    /// <summary><c>created</c> is too far in the future.</summary>
    NotYetValid,

    /// <summary>A covered field is missing in the message.</summary>
    MissingField,

    /// <summary>A covered value has line ends, control characters or characters outside ASCII: the request is malformed (400).</summary>
    InvalidMessage,

    /// <summary>The signature does not verify with the key.</summary>
    BadSignature,

    /// <summary>The <c>Content-Digest</c> is not the digest of the body.</summary>
    WrongDigest,
}

/// <summary>The result of <see cref="MessageSignature.Verify"/>: a valid signature, or one fault.</summary>
public sealed class MessageSignatureResult
{
    private MessageSignatureResult(MessageSignatureFault fault, MessageProof? proof) => (Fault, Proof) = (fault, proof);

    /// <summary>The first fault, or <see cref="MessageSignatureFault.None"/>.</summary>
    public MessageSignatureFault Fault { get; }

    /// <summary>The content of the signature, if it is valid.</summary>
    public MessageProof? Proof { get; }

    /// <summary>True if the signature is valid. It may have been used before.</summary>
    [MemberNotNullWhen(true, nameof(Proof))]
    public bool IsValid => Proof is not null;

    internal static MessageSignatureResult Valid(MessageProof proof) => new(MessageSignatureFault.None, proof);

    internal static MessageSignatureResult Invalid(MessageSignatureFault fault) => new(fault, proof: null);
}

/// <summary>
/// A signature that passed <see cref="MessageSignatureValidator.Read"/>: form, coverage and time are right, so the caller can look up its key. It is
/// <em>not</em> verified yet.
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

    /// <summary>The parameters and components of the signature.</summary>
    public SignatureInput Input { get; }

    /// <summary>The claimed key id, 1…200 visible characters.</summary>
    public string KeyId => proof.KeyId;

    /// <summary>
    /// Verifies the signature with its key, before it hashes the body. It does <em>not</em> check earlier use, which needs a store
    /// (<see cref="MessageProof.ReplayKey"/>).
    /// </summary>
    /// <param name="message">The request that carried it.</param>
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
