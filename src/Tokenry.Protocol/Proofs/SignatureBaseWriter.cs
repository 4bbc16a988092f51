using System.Buffers;
using System.Text;

namespace Tokenry.Protocol.Proofs;

/// <summary>Writes the signature base: the bytes that a message signature signs (RFC 9421 §2.5).</summary>
public static class SignatureBaseWriter
{
    private static readonly SearchValues<char> FieldValueCharacters = SearchValues.Create([
        '\t',
        .. Enumerable.Range(' ', '~' - ' ' + 1).Select(character => (char)character),
    ]);

    /// <summary>
    /// Writes the base; total. It fails with <see cref="MessageSignatureFault.InvalidComponents"/>, <see cref="MessageSignatureFault.MissingField"/> or
    /// <see cref="MessageSignatureFault.InvalidMessage"/>. After a failure, do not use the bytes that were written.
    /// </summary>
    /// <param name="message">The request.</param>
    /// <param name="input">What the signature covers; each component must be <see cref="SignatureComponent.IsSupported"/>.</param>
    /// <param name="destination">Receives the ASCII bytes.</param>
    public static MessageSignatureFault Write(HttpMessage message, SignatureInput input, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(destination);
        foreach (var component in input.Components)
        {
            var fault = Write(message, component, destination);
            if (fault != MessageSignatureFault.None)
            {
                return fault;
            }
        }

        destination.Write("\"@signature-params\": "u8);
        WriteAscii(input.Text, destination);
        return MessageSignatureFault.None;
    }

    private static MessageSignatureFault Write(HttpMessage message, SignatureComponent component, IBufferWriter<byte> destination)
    {
        if (!component.IsSupported)
        {
            return MessageSignatureFault.InvalidComponents;
        }

        var isDerived = component.Name[0] == '@';
        var value = isDerived ? Derived(message, component.Name) : Field(message.Fields(component.Name));
        if (value is null)
        {
            return MessageSignatureFault.MissingField;
        }

        // A line end in a value could imitate another component, and a space in a path the end of a request line.
        if (isDerived ? !IsVisible(value) : value.AsSpan().ContainsAnyExcept(FieldValueCharacters))
        {
            return MessageSignatureFault.InvalidMessage;
        }

        destination.Write("\""u8);
        WriteAscii(component.Name, destination);
        destination.Write("\": "u8);
        WriteAscii(value, destination);
        destination.Write("\n"u8);
        return MessageSignatureFault.None;
    }

    private static bool IsVisible(string value) => value.Length > 0 && !value.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static string Derived(HttpMessage message, string name) =>
        name switch
        {
            "@method" => message.Method,
            "@authority" => message.Authority,
            "@path" => message.Path,
            "@query" => message.Query,
            "@scheme" => message.Scheme,
            _ => message.TargetUri,
        };

    // §2.1: each line is trimmed, then the lines are joined; null if there is no line.
    private static string? Field(IReadOnlyList<string?> lines) =>
        lines.Count switch
        {
            0 => null,
            1 => Trim(lines[0]),
            _ => string.Join(", ", lines.Select(Trim)),
        };

    private static string Trim(string? line) => line?.Trim(' ', '\t') ?? "";

    private static void WriteAscii(string text, IBufferWriter<byte> destination) => Encoding.ASCII.GetBytes(text, destination);
}
