using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Settings;

/// <summary>A verb of the command line and what may follow it. Every verb takes <c>--data-directory</c>.</summary>
/// <param name="Words">As they are typed, such as <c>admin token</c>; the running server knows the verb by them too.</param>
/// <param name="Summary">What it does, for the usage text.</param>
public sealed record CommandVerb(string Words, string Summary)
{
    /// <summary>Where a step is held among the options.</summary>
    public const string StepOption = "step";

    /// <summary>Words of which one may come first, such as <c>status</c>.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>Options with a value, without their hyphens, and what the value is called in the usage text.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Options without a value.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    internal IReadOnlyList<string> OptionNames => [DataDirectoryOption, .. Options.Keys, .. Flags];

    internal string Usage =>
        string.Join(
            ' ',
            [
                Words,
                .. Steps.Count == 0 ? Array.Empty<string>() : [$"[{string.Join('|', Steps)}]"],
                .. Options.Select(option => $"[--{option.Key} {option.Value}]"),
                .. Flags.Select(flag => $"[--{flag}]"),
                $"[--{DataDirectoryOption} DIRECTORY]",
            ]
        );

    internal const string DataDirectoryOption = "data-directory";

    /// <summary>The options by name, a step under <see cref="StepOption"/>, a flag with the value <c>yes</c>.</summary>
    /// <exception cref="UsageException">A word is not known or an option lacks its value.</exception>
    public Dictionary<string, string> Parse(ReadOnlySpan<string> arguments)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Length; i++)
        {
            if (i == 0 && Steps.Contains(arguments[i]))
            {
                options[StepOption] = arguments[i];
                continue;
            }

            if (i == 0 && Steps.Count > 0 && !arguments[i].StartsWith('-'))
            {
                throw new UsageException(
                    $"'{arguments[i]}' is not a step of {Words}.{CommandLine.DidYouMean(NearestName.Of(arguments[i], Steps))} "
                        + $"Known: {string.Join(", ", Steps)}."
                );
            }

            var equals = arguments[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? arguments[i] : arguments[i][..equals];
            if (!name.StartsWith("--", StringComparison.Ordinal) || !OptionNames.Contains(name[2..]))
            {
                var nearest = NearestName.Of(name, OptionNames.Select(known => "--" + known));
                throw new UsageException(
                    $"'{name}' is not an option of {Words}.{CommandLine.DidYouMean(nearest)} Known: --{string.Join(", --", OptionNames)}."
                );
            }

            if (Flags.Contains(name[2..]))
            {
                options[name[2..]] =
                    equals < 0 ? "yes" : throw new UsageException($"'{name}' takes no value. Leave out '{arguments[i][equals..]}'.");
            }
            else if (equals < 0 && i + 1 == arguments.Length)
            {
                throw new UsageException($"'{name}' needs a value.");
            }
            else
            {
                options[name[2..]] = equals < 0 ? arguments[++i] : arguments[i][(equals + 1)..];
            }
        }

        return options;
    }
}
