using System.Diagnostics;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Credentials;

/// <summary>
/// A text that must not be shown by accident: it prints as <c>***</c>, in strings, logs and the debugger alike, refuses to be serialised,
/// and has no equality operators (secrets are compared as digests, by <see cref="SecretDigest"/>). Only <see cref="Reveal"/> opens it.
/// </summary>
[DebuggerDisplay("***")]
[JsonConverter(typeof(SecretJsonConverter))]
public readonly struct Secret
{
    private const string Mask = "***";

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly string? value;

    /// <summary>Takes a secret text into custody. It may be empty, not null.</summary>
    public Secret(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        this.value = value;
    }

    /// <summary>The secret in clear. Call it where the text leaves for its one receiver, and nowhere else.</summary>
    /// <exception cref="InvalidOperationException">This is <c>default(Secret)</c>: nobody put a secret in.</exception>
    public string Reveal() => value ?? throw new InvalidOperationException("The secret was never set.");

    /// <summary>Always <c>***</c>, whatever the secret and its length.</summary>
    public override string ToString() => Mask;
}
