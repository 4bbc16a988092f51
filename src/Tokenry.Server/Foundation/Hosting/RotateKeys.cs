namespace Tokenry.Server.Foundation.Hosting;

/// <summary>
/// <c>admin rotate-keys [prepare|activate|status] [--pepper] [--kek] [--data-directory D]</c>, for whoever may run commands on the host; neither
/// kind named means both.
/// </summary>
public sealed class RotateKeys(KeyRotation rotation, TokenryOptions options)
{
    public const string Verb = "admin rotate-keys";

    private const string StepOption = "step";
    private static readonly string[] Steps = ["prepare", "activate", "status"];
    private static readonly string[] Flags = ["--pepper", "--kek"];

    /// <summary>What the arguments ask for, or <c>null</c> where they are not this verb.</summary>
    /// <exception cref="StartupException">A step or an option is not known.</exception>
    public static Dictionary<string, string>? Options(string[] arguments)
    {
        var words = Verb.Split(' ');
        if (!arguments.AsSpan().StartsWith(words))
        {
            return null;
        }

        var rest = arguments.Skip(words.Length).ToList();
        var step = rest.Count > 0 && !rest[0].StartsWith("--", StringComparison.Ordinal) ? rest[0] : null;
        if (step is not null && !Steps.Contains(step))
        {
            throw new StartupException($"'{step}' is not a step of {Verb}. Known: {string.Join(", ", Steps)}.");
        }

        // A flag needs no value here; the one reader of options wants one.
        string[] named = [.. words, .. rest.Skip(step is null ? 0 : 1).Select(word => Flags.Contains(word) ? word + "=yes" : word)];
        var options = CommandLine.Options(named, Verb, "data-directory", "pepper", "kek")!;
        if (step is not null)
        {
            options[StepOption] = step;
        }

        return options;
    }

    /// <exception cref="StartupException">Says what to do.</exception>
    public async Task<ControlAnswer> RunAsync(IReadOnlyDictionary<string, string> arguments)
    {
        var both = !arguments.ContainsKey("pepper") && !arguments.ContainsKey("kek");
        var (pepper, keyEncryptionKey) = (both || arguments.ContainsKey("pepper"), both || arguments.ContainsKey("kek"));
        var words = new List<string>();
        switch (arguments.GetValueOrDefault(StepOption))
        {
            case "prepare":
                await rotation.PrepareAsync(pepper, keyEncryptionKey, words.Add);
                words.Add($"Copy {options.KeyFile} to every replica; each takes it up within a second. Then: admin rotate-keys activate.");
                break;
            case "activate":
                await rotation.ActivateAsync(pepper, keyEncryptionKey, words.Add);
                break;
            case "status":
                await rotation.DescribeAsync(words.Add);
                break;
            case null when options.UsesPostgres:
                throw new StartupException(
                    "Other servers may share this database, and each must hold the new keys first: admin rotate-keys prepare, copy the key file, "
                        + "then admin rotate-keys activate."
                );
            default:
                await rotation.PrepareAsync(pepper, keyEncryptionKey, words.Add);
                await rotation.ActivateAsync(pepper, keyEncryptionKey, words.Add);
                break;
        }

        return new ControlAnswer(null, string.Join(Environment.NewLine, words));
    }
}
