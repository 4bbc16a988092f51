using System.Diagnostics;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Credentials;

/// <summary>
/// A text that must not appear by accident. It prints as <c>***</c> in strings, logs and the debugger. It cannot be serialized, and has no equality operators:
/// <see cref="SecretDigest"/> compares secrets as digests. Only <see cref="Reveal"/> returns the text.
/// </summary>
[DebuggerDisplay("***")]
[JsonConverter(typeof(SecretJsonConverter))]
public readonly struct Secret
{
    private const string Mask = "***";

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly string? value;

    /// <summary>Wraps a secret text. It may be empty, but not null.</summary>
    public Secret(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        this.value = value;
    }

    /// <summary>The secret in clear. Call it only where the text goes to its receiver.</summary>
    /// <exception cref="InvalidOperationException">This is <c>default(Secret)</c>, which has no text.</exception>
    public string Reveal() => value ?? throw new InvalidOperationException("The secret was never set.");

    /// <summary>Always <c>***</c>, independent of the secret and its length.</summary>
    public override string ToString() => Mask;
}
