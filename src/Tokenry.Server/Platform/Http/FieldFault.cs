namespace Tokenry.Server.Platform.Http;

/// <summary>What is wrong with one member of a request: the server's own words for the API, and the text that a page shows in their place in its language.</summary>
public readonly record struct FieldFault
{
    private readonly string? id;
    private readonly (string Name, object Value)[] values;

    /// <param name="text">The id of the text: its key is <c>fault.</c> and this.</param>
    /// <param name="words">The words of the API: English, after the name of the member.</param>
    /// <param name="values">The values in the text.</param>
    public FieldFault(string text, string words, params (string Name, object Value)[] values)
    {
        (id, Words, this.values) = (text, words, values);
    }

    private FieldFault(string words) => (Words, values) = (words, []);

    public string Words { get; }

    /// <summary>The text of the pages; <c>null</c> = they show the words.</summary>
    public PageText? Text => id is null ? null : new PageText($"fault.{id}", values);

    /// <summary>A fault that no form of a page can have.</summary>
    public static FieldFault OfWords(string words) => new(words);

    public static implicit operator FieldFault(string words) => OfWords(words);

    public override string ToString() => Words;
}
