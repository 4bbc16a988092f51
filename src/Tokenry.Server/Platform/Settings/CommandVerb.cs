namespace Tokenry.Server.Platform.Settings;

/// <summary>A verb of the command line and what may follow it. Every verb takes <c>--data-directory</c>.</summary>
/// <param name="Words">The words as an operator types them, such as <c>admin token</c>; they also identify the verb to the running server.</param>
/// <param name="Summary">What it does, for the help text.</param>
public sealed record CommandVerb(string Words, string Summary)
{
    /// <summary>The key of a step among the options.</summary>
    public const string StepOption = "step";

    /// <summary>The option that names the data directory of the server.</summary>
    public const string DataDirectoryOption = "data-directory";

    /// <summary>The value of an option that takes none.</summary>
    public const string Present = "yes";

    /// <summary>The step words, such as <c>status</c>; one of them may follow the verb.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>A description of the steps, for the help text.</summary>
    public string StepSummary { get; init; } = "";

    /// <summary>The options of this verb alone.</summary>
    public IReadOnlyList<CommandOption> Own { get; init; } = [];

    /// <summary>All options.</summary>
    public IReadOnlyList<CommandOption> Options =>
        [.. Own, new(DataDirectoryOption, "The data directory of the server that is meant.", "DIRECTORY")];
}
