using System.Reflection;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Settings;

/// <summary>
/// Parses the arguments: a command, help, or a server with settings. It uses only string operations: every start of the server runs this code, and the
/// library for commands takes a fifth of a second to load.
/// </summary>
public static class CommandLine
{
    private static readonly string[] ServerOptions = ["urls", "environment", "contentRoot"];
    private static readonly string[] ServerSections = ["Tokenry:", "Logging:", "Kestrel:", "ConnectionStrings:"];

    /// <summary>Option names for the address that operators know from other servers.</summary>
    private static readonly string[] WordsForAddress = ["port", "p", "url", "address", "addr", "listen", "bind", "host", "hostname"];

    public static string Version
    {
        get
        {
            var assembly = typeof(CommandLine).Assembly;
            return assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
                ?? assembly.GetName().Version!.ToString();
        }
    }

    /// <summary>Whether the arguments start a server; if not, they begin with a command or ask for help or the version.</summary>
    public static bool StartsServer(ReadOnlySpan<string> arguments) =>
        (arguments.IsEmpty || arguments[0].StartsWith('-')) && !arguments.ContainsAny(["--help", "-h", "-?", "--version"]);

    /// <summary>The message for words that are no command.</summary>
    public static UsageException NoCommand(IEnumerable<string> arguments, IReadOnlyList<CommandVerb> verbs)
    {
        var words = string.Join(' ', arguments.TakeWhile(word => !word.StartsWith('-')));
        if (words.Contains('=', StringComparison.Ordinal))
        {
            return new($"'{words}' is not a command. Settings start with two hyphens: --{words}.");
        }

        var known = verbs.Select(verb => verb.Words).ToList();
        return new(
            known.Exists(verb => verb.StartsWith(words + " ", StringComparison.Ordinal))
                ? $"'{words}' lacks its command. Known: {string.Join(", ", known)}."
                : $"'{words}' is not a command.{DidYouMean(NearestName.Of(words, known))} Known: {string.Join(", ", known)}."
        );
    }

    /// <summary>Checks that each argument is a setting of the server with its value.</summary>
    /// <exception cref="UsageException">An argument is not a setting.</exception>
    public static void CheckServerArguments(ReadOnlySpan<string> arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            var equals = arguments[i].IndexOf('=', StringComparison.Ordinal);
            var option = equals < 0 ? arguments[i] : arguments[i][..equals];
            if (!option.StartsWith("--", StringComparison.Ordinal) || !IsServerOption(option[2..]))
            {
                throw new UsageException($"'{option}' is not an option.{DidYouMean(NearestOption(option, ValueOf(arguments[i..])))}");
            }

            // The configuration would read the next option as the value.
            var isMissing = equals < 0 && (i + 1 == arguments.Length || arguments[i + 1].StartsWith("--", StringComparison.Ordinal));
            var value =
                isMissing ? ""
                : equals < 0 ? arguments[++i]
                : arguments[i][(equals + 1)..];
            if (isMissing || (value.Length == 0 && ServerOptions.Contains(option[2..], StringComparer.OrdinalIgnoreCase)))
            {
                var example = option.Equals("--urls", StringComparison.OrdinalIgnoreCase)
                    ? $", such as --urls {TokenryOptions.DefaultUrl}"
                    : "";
                throw new UsageException($"'{option}' needs a value{example}.");
            }
        }
    }

    /// <summary>Whether an operator may use the name for the address, such as <c>port</c>.</summary>
    internal static bool IsWordForAddress(string name) => WordsForAddress.Contains(name, StringComparer.OrdinalIgnoreCase);

    internal static string DidYouMean(string? name) => name is null ? "" : $" Did you mean {name}?";

    private static bool IsServerOption(string name) =>
        ServerOptions.Contains(name, StringComparer.OrdinalIgnoreCase)
        || ServerSections.Any(section => name.StartsWith(section, StringComparison.OrdinalIgnoreCase) && name.Length > section.Length);

    /// <summary>The value of an option, after <c>=</c> or in the next argument.</summary>
    private static string? ValueOf(ReadOnlySpan<string> arguments) =>
        arguments[0].IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals ? arguments[0][(equals + 1)..]
        : arguments.Length > 1 ? arguments[1]
        : null;

    private static string? NearestOption(string option, string? value)
    {
        var name = option.TrimStart('-');
        var address = $"--urls {(value is null ? null : ListenAddresses.Meant(value)) ?? TokenryOptions.DefaultUrl}";
        if (IsWordForAddress(name))
        {
            return address;
        }

        // A setting without its section (--Issuer), or with hyphens (--data-directory).
        return KnownSettings.All.FirstOrDefault(known =>
                NearestName.IsNear(name, known[(known.IndexOf(':', StringComparison.Ordinal) + 1)..])
            )
                is { } setting
                ? "--" + setting
            : option.StartsWith("--", StringComparison.Ordinal)
            && NearestName.Of(name, WordsForAddress.Where(word => word.Length > 3)) is not null
                ? address
            : NearestName.Of(
                option,
                [.. ServerOptions.Select(known => "--" + known), "--help", "--version", .. KnownSettings.All.Select(known => "--" + known)]
            );
    }
}
