namespace Tokenry.Server.Tests.Edges;

/// <summary>One reader of what strangers send.</summary>
/// <param name="Name">For test names.</param>
/// <param name="Read">
/// What was understood, written again in its one form; <c>null</c> where it was refused by the one error that parser has. Anything else
/// that escapes is a bug.
/// </param>
/// <param name="Samples">What it must take.</param>
internal sealed record Parser(string Name, Func<string, string?> Read, params string[] Samples)
{
    /// <summary>Whether nothing but the written form is taken.</summary>
    public bool HasOneForm { get; init; }

    /// <summary>Whether it reads what it writes: what every text must leave true.</summary>
    public bool IsStable(string text)
    {
        var read = Read(text);
        return read is null || (HasOneForm ? read == text : Read(read) == read);
    }

    public override string ToString() => Name;
}
