using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Composition;

/// <summary>
/// The command line's commands as a tree for System.CommandLine, made from <see cref="AdminVerb.All"/>. A start of the server does not use this class,
/// because loading that library takes a fifth of the start time (<c>docs/decisions/0073-commands-by-a-library.md</c>).
/// </summary>
internal static class CommandTree
{
    private const string Program = "./run";

    private static readonly ParserConfiguration Plain = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>The purpose of each group of commands, by the group's words.</summary>
    private static readonly Dictionary<string, string> Groups = new(StringComparer.Ordinal)
    {
        ["admin"] = "Commands for operators of this host.",
        ["admin audit"] = "Commands about the audit trail.",
    };

    /// <summary>Runs the command, or prints help or the version.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">The arguments name no command, or contain a word that the command does not take.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static async Task<int> RunAsync(string[] arguments)
    {
        // The library treats "--option=" as an option without a value; here its value is empty.
        var words = arguments.SelectMany(word =>
            word.StartsWith("--", StringComparison.Ordinal) && word.EndsWith('=') ? [word[..^1], ""] : new[] { word }
        );
        var result = Tree().Parse([.. words], Plain);
        if (result.Action is not { ClearsParseErrors: true })
        {
            var verb =
                (result.CommandResult.Command as VerbCommand)?.Verb.Command ?? throw CommandLine.NoCommand(arguments, AdminVerb.Commands);
            Check(result, verb, arguments);
        }

        return await result.InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }
        );
    }

    /// <summary>The help text of the command that the arguments begin with.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static string Help(params string[] arguments)
    {
        var words = arguments.TakeWhile(word => !word.StartsWith('-'));
        using var text = new StringWriter();
        Tree().Parse([.. words, "--help"], Plain).Invoke(new InvocationConfiguration { Output = text });
        return text.ToString().TrimEnd();
    }

    /// <exception cref="UsageException">Names the word that the verb does not take, and the nearest word that it takes.</exception>
    private static void Check(ParseResult result, CommandVerb verb, string[] arguments)
    {
        foreach (var argument in arguments)
        {
            // The library would read the value as the next word.
            var (name, value) = argument.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at
                ? (argument[..at], argument[at..])
                : ("", "");
            if (verb.Options.Any(option => option.Value is null && "--" + option.Name == name))
            {
                throw new UsageException($"'{name}' takes no value. Leave out '{value}'.");
            }
        }

        if (result.UnmatchedTokens is [var word, ..])
        {
            var names = verb.Options.Select(option => "--" + option.Name).ToList();
            throw new UsageException(
                $"'{word}' is not an option of {verb.Words}.{CommandLine.DidYouMean(NearestName.Of(word, names))} "
                    + $"Known: {string.Join(", ", names)}."
            );
        }

        if (result.Errors is [var error, ..])
        {
            throw new UsageException(
                error.SymbolResult is System.CommandLine.Parsing.OptionResult { Option.Name: var option, Tokens.Count: var values }
                    ? $"'{option}' {(values == 0 ? "needs a value" : "may appear once")}."
                    : error.Message
            );
        }
    }

    private static Command Tree()
    {
        var root = new Command(
            Program,
            "Tokenry issues and checks API keys, personal access tokens and OAuth access tokens. Without a command, the server starts.\n"
                + "Settings: docs/configuration.md. First steps: README.md. API reference of a running server: /openapi/v1.json."
        )
        {
            new Option<string>("--urls")
            {
                Description = $"Where the server listens; {TokenryOptions.DefaultUrl} if left out.",
                HelpName = "URL",
            },
            new Option<string[]>("--Tokenry:NAME") { Description = "A setting of the server. There may be several.", HelpName = "VALUE" },
            new HelpOption("--help", "-h", "-?") { Description = "Shows help; after a command, that of the command.", Recursive = true },
            new Option<bool>("--version") { Description = "Shows the version.", Action = new PrintVersion() },
        };
        root.Add(
            new Command("help", "Shows this help.")
            {
                Hidden = true,
                TreatUnmatchedTokensAsErrors = false,
                Action = new PrintHelp(),
            }
        );
        root.Add(
            new Command("version", "Shows the version.")
            {
                Hidden = true,
                TreatUnmatchedTokensAsErrors = false,
                Action = new PrintVersion(),
            }
        );
        foreach (var verb in AdminVerb.All)
        {
            var words = verb.Command.Words.Split(' ');
            var group = root;
            for (var i = 0; i < words.Length - 1; i++)
            {
                group = GroupOf(group, words[..(i + 1)]);
            }

            group.Add(new VerbCommand(words[^1], verb));
        }

        return root;
    }

    private static Command GroupOf(Command parent, string[] words)
    {
        if (parent.Subcommands.FirstOrDefault(command => command.Name == words[^1]) is { } known)
        {
            return known;
        }

        var group = new Command(words[^1], Groups[string.Join(' ', words)]);
        parent.Add(group);
        return group;
    }

    private sealed class PrintHelp : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            Console.WriteLine(Help());
            return 0;
        }
    }

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            Console.WriteLine($"Tokenry {CommandLine.Version} (.NET {Environment.Version})");
            return 0;
        }
    }

    /// <summary>Converts a verb to a command of the library.</summary>
    private sealed class VerbCommand : Command
    {
        private readonly Argument<string>? step;

        public VerbCommand(string name, AdminVerb verb)
            : base(name, verb.Command.Summary)
        {
            Verb = verb;
            if (verb.Command.Steps.Count > 0)
            {
                step = new Argument<string>(string.Join('|', verb.Command.Steps))
                {
                    Arity = ArgumentArity.ZeroOrOne,
                    Description = verb.Command.StepSummary,
                };
                step.Validators.Add(CheckStep);
                Add(step);
            }

            foreach (var option in verb.Command.Options)
            {
                Add(
                    option.Value is null
                        ? new Option<bool>("--" + option.Name) { Description = option.Summary, Arity = ArgumentArity.Zero }
                        : new Option<string>("--" + option.Name)
                        {
                            Description = option.Summary,
                            HelpName = option.Value,
                            Arity = ArgumentArity.ExactlyOne,
                        }
                );
            }

            SetAction(result => AdminCommand.RunAsync(verb, Values(result)));
        }

        public AdminVerb Verb { get; }

        /// <summary>The options by name; a step is stored under <see cref="CommandVerb.StepOption"/>.</summary>
        private Dictionary<string, string> Values(ParseResult result)
        {
            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            if (step is not null && result.GetValue(step) is { } word)
            {
                values[CommandVerb.StepOption] = word;
            }

            foreach (var option in Options)
            {
                if (result.GetResult(option) is { Implicit: false } given)
                {
                    values[option.Name[2..]] = option is Option<string> ? given.GetValueOrDefault<string>()! : CommandVerb.Present;
                }
            }

            return values;
        }

        private void CheckStep(System.CommandLine.Parsing.ArgumentResult result)
        {
            var steps = Verb.Command.Steps;
            if (result.Tokens is [{ Value: var word }] && !steps.Contains(word))
            {
                result.AddError(
                    $"'{word}' is not a step of {Verb.Command.Words}.{CommandLine.DidYouMean(NearestName.Of(word, steps))} "
                        + $"Known: {string.Join(", ", steps)}."
                );
            }
        }
    }
}
