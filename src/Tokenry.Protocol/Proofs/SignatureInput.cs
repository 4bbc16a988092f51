using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Proofs;

/// <summary>One component that a signature covers (RFC 9421 §2).</summary>
/// <param name="Name">The name of a field, or of a derived component, which starts with <c>@</c>.</param>
/// <param name="Parameters">Its parameters as received, each with its semicolon; usually empty.</param>
public readonly record struct SignatureComponent(string Name, string Parameters)
{
    private static readonly SearchValues<char> FieldNameCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"
    );

    /// <summary>
    /// True if its value can be determined: <c>@method</c>, <c>@authority</c>, <c>@path</c>, <c>@query</c>, <c>@scheme</c>, <c>@target-uri</c> or a field, in
    /// lower case and without parameters.
    /// </summary>
    public bool IsSupported =>
        Parameters.Length == 0
        && (
            Name is "@method" or "@authority" or "@path" or "@query" or "@scheme" or "@target-uri"
            || (Name.Length > 0 && !Name.AsSpan().ContainsAnyExcept(FieldNameCharacters))
        );
}

/// <summary>
/// One parsed member of the <c>Signature-Input</c> field (RFC 9421 §4.1): the components that a signature claims to cover, and its parameters (§2.3). It is not
/// verified yet. The signature covers unknown parameters too, but they have no effect.
/// </summary>
public sealed class SignatureInput
{
    /// <summary>The most labels that the parser accepts in one field.</summary>
    public const int MaxLabels = 8;

    /// <summary>The most components that the parser accepts under one label.</summary>
    public const int MaxComponents = 32;

    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    private readonly List<SignatureComponent> components = [];

    private SignatureInput(string label) => Label = label;

    /// <summary>The member's key.</summary>
    public string Label { get; }

    /// <summary>The covered components, in order; the list may be empty or contain duplicates.</summary>
    public IReadOnlyList<SignatureComponent> Components => components;

    /// <summary>The member's value exactly as received: the value of <c>@signature-params</c> (§2.3).</summary>
    public string Text { get; private set; } = "";

    /// <summary><c>created</c>.</summary>
    public DateTimeOffset? Created { get; private set; }

    /// <summary><c>expires</c>.</summary>
    public DateTimeOffset? Expires { get; private set; }

    /// <summary><c>nonce</c>, of any length.</summary>
    public string? Nonce { get; private set; }

    /// <summary><c>alg</c>.</summary>
    public string? Algorithm { get; private set; }

    /// <summary><c>keyid</c>, of any length.</summary>
    public string? KeyId { get; private set; }

    /// <summary><c>tag</c>.</summary>
    public string? Tag { get; private set; }

    /// <summary>True if the signature covers a component of this name without parameters.</summary>
    public bool Covers(string name) => components.Contains(new SignatureComponent(name, ""));

    /// <summary>
    /// Parses the whole field, its lines joined by commas; total. False if it is longer than 8 KiB or not a dictionary of inner lists of strings (RFC 9651).
    /// Also false for a repeated label, too many labels or components, and for a parameter of §2.3 that is repeated or of another type. Unknown parameters may
    /// have byte sequences, integers, tokens, strings and booleans as values.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> field, [NotNullWhen(true)] out IReadOnlyList<SignatureInput>? inputs)
    {
        inputs = null;
        if (field.Length > StructuredFieldReader.MaxLength)
        {
            return false;
        }

        var read = new List<SignatureInput>(capacity: 1);
        var reader = new StructuredFieldReader(field);
        while (!reader.IsAtEnd)
        {
            if (read.Count == MaxLabels || !reader.TryReadKey(out var label) || Has(read, label) || !reader.TrySkip('='))
            {
                return false;
            }

            var input = new SignatureInput(label.ToString());
            if (!input.TryRead(ref reader) || !reader.TryEndMember())
            {
                return false;
            }

            read.Add(input);
        }

        inputs = read;
        return true;
    }

    private static bool Has(List<SignatureInput> inputs, ReadOnlySpan<char> label)
    {
        foreach (var input in inputs)
        {
            if (label.SequenceEqual(input.Label))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryRead(ref StructuredFieldReader reader)
    {
        var start = reader.Position;
        if (!TryReadComponents(ref reader))
        {
            return false;
        }

        while (reader.TrySkip(';'))
        {
            if (!reader.TryReadParameter(out var name, out var value) || !TryTake(name, value))
            {
                return false;
            }
        }

        Text = reader.Since(start).ToString();
        return true;
    }

    private bool TryReadComponents(ref StructuredFieldReader reader)
    {
        if (!reader.TrySkip('('))
        {
            return false;
        }

        reader.SkipSpaces();
        while (!reader.TrySkip(')'))
        {
            if (components.Count == MaxComponents || !reader.TryReadString(out var name))
            {
                return false;
            }

            var start = reader.Position;
            while (reader.TrySkip(';'))
            {
                if (!reader.TryReadParameter(out _, out _))
                {
                    return false;
                }
            }

            components.Add(new SignatureComponent(name, reader.Since(start).ToString()));
            var end = reader.Position;
            reader.SkipSpaces();
            if (end == reader.Position && !reader.IsBefore(')'))
            {
                return false;
            }
        }

        return true;
    }

    // Each parameter must appear once: two libraries could choose different ones of two values.
    private bool TryTake(ReadOnlySpan<char> name, StructuredItem value)
    {
        switch (name)
        {
            case "created":
                return Created is null && (Created = Time(value)) is not null;
            case "expires":
                return Expires is null && (Expires = Time(value)) is not null;
            case "nonce":
                return Nonce is null && (Nonce = value.Text) is not null;
            case "alg":
                return Algorithm is null && (Algorithm = value.Text) is not null;
            case "keyid":
                return KeyId is null && (KeyId = value.Text) is not null;
            case "tag":
                return Tag is null && (Tag = value.Text) is not null;
            default:
                return true;
        }
    }

    private static DateTimeOffset? Time(StructuredItem value) =>
        value.Kind == StructuredKind.Integer && value.Number >= 0 && value.Number <= LastSecond
            ? DateTimeOffset.FromUnixTimeSeconds(value.Number)
            : null;
}
