using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Proofs;

/// <summary>
/// Validates message signatures (RFC 9421 §3.2) in Tokenry's one profile. It takes two steps: <see cref="Read"/>, then the caller looks up the key, then
/// <see cref="MessageSignature.Verify"/>. Immutable and thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class MessageSignatureValidator(TimeProvider time)
{
    /// <summary>The <c>tag</c> of signatures for Tokenry; a request may also carry others.</summary>
    public const string Tag = "tokenry-v1";

    /// <summary>The longest accepted <c>nonce</c>, in characters.</summary>
    public const int MaxNonceLength = 256;

    /// <summary>How long a signature is valid after <c>created</c>, including the clock difference.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(300);

    /// <summary>How far in the future <c>created</c> may be, because clocks differ.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    private static readonly string[] Required = ["@method", "@authority", "@path", "@query"];

    /// <summary>
    /// Finds the one signature with Tokenry's tag and checks everything that needs no key: form, parameters, coverage and time. Total: any fields give a fault
    /// or <see cref="MessageSignatureFault.None"/>.
    /// </summary>
    /// <param name="signatureInput">The lines of <c>Signature-Input</c>; none if it is absent.</param>
    /// <param name="signature">The lines of <c>Signature</c>.</param>
    /// <param name="found">The signature, if there is no fault.</param>
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

        // The age check still passes at exactly this instant, so one second is added.
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
