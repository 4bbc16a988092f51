using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Proofs;

/// <summary>
/// Validates message signatures (RFC 9421 §3.2) in the one profile we take, in two steps with the look for the key between them:
/// <see cref="Read"/>, then <see cref="MessageSignature.Verify"/>. Immutable and thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class MessageSignatureValidator(TimeProvider time)
{
    /// <summary>The <c>tag</c> of signatures that are for us; others may stand beside them.</summary>
    public const string Tag = "tokenry-v1";

    /// <summary>The longest <c>nonce</c> we keep, in characters.</summary>
    public const int MaxNonceLength = 256;

    /// <summary>How long a signature is good after it was <c>created</c>, clocks apart included.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(300);

    /// <summary>How far ahead <c>created</c> may lie, clocks being apart.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    private static readonly string[] Required = ["@method", "@authority", "@path", "@query"];

    /// <summary>
    /// Finds the one signature with our tag and judges all that needs no key: form, parameters, coverage and time. Total: whatever the fields, the answer
    /// is a fault, <see cref="MessageSignatureFault.None"/> among them.
    /// </summary>
    /// <param name="signatureInput">The lines of <c>Signature-Input</c>; none when it is absent.</param>
    /// <param name="signature">The lines of <c>Signature</c>.</param>
    /// <param name="found">The signature, when the fault is none.</param>
    public MessageSignatureFault Read(IReadOnlyList<string?> signatureInput, IReadOnlyList<string?> signature, out MessageSignature? found)
    {
        ArgumentNullException.ThrowIfNull(signatureInput);
        ArgumentNullException.ThrowIfNull(signature);
        found = null;
        if (signatureInput.Count == 0 && signature.Count == 0)
        {
            return MessageSignatureFault.Absent;
        }

        if (
            StructuredFieldReader.Join(signatureInput) is not { } inputField
            || StructuredFieldReader.Join(signature) is not { } signatureField
            || !SignatureInput.TryParse(inputField, out var inputs)
            || !StructuredFieldReader.TryReadByteSequences(signatureField, SignatureInput.MaxLabels, out var signatures)
        )
        {
            return MessageSignatureFault.Malformed;
        }

        SignatureInput? ours = null;
        foreach (var input in inputs)
        {
            if (inputs.Count != signatures.Count || !signatures.ContainsKey(input.Label))
            {
                return MessageSignatureFault.Unpaired;
            }

            if (input.Tag == Tag)
            {
                if (ours is not null)
                {
                    return MessageSignatureFault.Several;
                }

                ours = input;
            }
        }

        if (ours is null)
        {
            return signatures.Count > inputs.Count ? MessageSignatureFault.Unpaired : MessageSignatureFault.Absent;
        }

        var fault = Judge(ours, out var keepUntil);
        found = fault == MessageSignatureFault.None ? new MessageSignature(ours, signatures[ours.Label], keepUntil) : null;
        return fault;
    }

    private MessageSignatureFault Judge(SignatureInput input, out DateTimeOffset keepUntil)
    {
        keepUntil = default;
        if (
            input.Created is not { } created
            || !IsVisible(input.KeyId, VerificationKey.MaxKeyIdLength)
            || !IsVisible(input.Nonce, MaxNonceLength)
        )
        {
            return MessageSignatureFault.InvalidParameters;
        }

        if (input.Algorithm is { } algorithm && !RequestSigningKey.Takes(algorithm))
        {
            return MessageSignatureFault.UnsupportedAlgorithm;
        }

        var coverage = JudgeCoverage(input);
        if (coverage != MessageSignatureFault.None)
        {
            return coverage;
        }

        var now = time.GetUtcNow();
        if (created < now - Life || input.Expires <= now || input.Expires < created)
        {
            return MessageSignatureFault.Expired;
        }

        if (created > now + ClockSkew)
        {
            return MessageSignatureFault.NotYetValid;
        }

        // The test of its age still passes at that very instant; a second later it is certain to fail.
        var tooOld = created + Life + TimeSpan.FromSeconds(1);
        keepUntil = input.Expires < tooOld ? input.Expires.Value : tooOld;
        return MessageSignatureFault.None;
    }

    private static MessageSignatureFault JudgeCoverage(SignatureInput input)
    {
        for (var at = 0; at < input.Components.Count; at++)
        {
            if (!input.Components[at].IsSupported || IsRepeated(input.Components, at))
            {
                return MessageSignatureFault.InvalidComponents;
            }
        }

        return Array.TrueForAll(Required, input.Covers) ? MessageSignatureFault.None : MessageSignatureFault.Uncovered;
    }

    private static bool IsRepeated(IReadOnlyList<SignatureComponent> components, int at)
    {
        for (var before = 0; before < at; before++)
        {
            if (components[before] == components[at])
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsVisible(string? text, int maxLength) =>
        text is { Length: > 0 } && text.Length <= maxLength && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}
