namespace Tokenry.Server.Foundation.Hosting;

/// <summary>The verbs that run beside or instead of the server: <c>admin token [--data-directory D] [--scopes "a b"] [--expires-in 24h]</c>, <c>admin rotate-keys</c>.</summary>
public static class CommandLine
{
    /// <summary>Options that take no value: they are said or not.</summary>
    private static readonly string[] Flags = ["revive"];

    /// <summary>The verb's options by name, or <c>null</c> where the arguments are not this verb.</summary>
    /// <exception cref="StartupException">An option is not known or lacks its value.</exception>
    public static Dictionary<string, string>? Options(string[] arguments, string verb, params ReadOnlySpan<string> known)
    {
        var words = verb.Split(' ');
        if (!arguments.AsSpan().StartsWith(words))
        {
            return null;
        }

        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = words.Length; i < arguments.Length; i++)
        {
            var equals = arguments[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? arguments[i] : arguments[i][..equals];
            if (!name.StartsWith("--", StringComparison.Ordinal) || !known.Contains(name[2..]))
            {
                throw new StartupException($"'{name}' is not an option of {verb}. Known: --{string.Join(", --", known.ToArray())}.");
            }

            if (Flags.Contains(name[2..]))
            {
                options[name[2..]] = equals < 0 ? "true" : throw new StartupException($"'{name}' takes no value.");
                continue;
            }

            if (equals < 0 && i + 1 == arguments.Length)
            {
                throw new StartupException($"'{name}' needs a value.");
            }

            options[name[2..]] = equals < 0 ? arguments[++i] : arguments[i][(equals + 1)..];
        }

        return options;
    }
}
