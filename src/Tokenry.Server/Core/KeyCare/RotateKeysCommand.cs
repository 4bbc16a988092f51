using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.KeyCare;

/// <summary>
/// <c>admin rotate-keys [prepare|activate|status] [--pepper] [--kek] [--data-directory D]</c>, for an operator with access to the host.
/// Without a kind, it rotates both.
/// </summary>
public sealed class RotateKeysCommand(KeyRotation rotation, TokenryOptions options)
{
    public static readonly CommandVerb Command = new("admin rotate-keys", "Creates new keys in the key file and activates them.")
    {
        Steps = ["prepare", "activate", "status"],
        StepSummary =
            "prepare makes the keys, activate uses them, status tells which are in use. Left out on SQLite: prepare and activate.",
        Own = [new("pepper", "Only the pepper."), new("kek", "Only the key-encryption key.")],
    };

    /// <exception cref="StartupException">The message says what to do.</exception>
    public async Task<ControlAnswer> RunAsync(IReadOnlyDictionary<string, string> arguments)
    {
        var both = !arguments.ContainsKey("pepper") && !arguments.ContainsKey("kek");
        var (pepper, keyEncryptionKey) = (both || arguments.ContainsKey("pepper"), both || arguments.ContainsKey("kek"));
        var words = new List<string>();
        switch (arguments.GetValueOrDefault(CommandVerb.StepOption))
        {
            case "prepare":
                await rotation.PrepareAsync(pepper, keyEncryptionKey, words.Add);
                words.Add(
                    $"Copy {options.Store.KeyFile} to every replica; each loads it within a second. Then run: admin rotate-keys activate."
                );
                break;
            case "activate":
                await rotation.ActivateAsync(pepper, keyEncryptionKey, words.Add);
                break;
            case "status":
                await rotation.DescribeAsync(words.Add);
                break;
            case null when options.Store.UsesPostgres:
                throw new StartupException(
                    "Other servers may share this database, and each must have the new keys first. Run admin rotate-keys prepare, copy the key file, "
                        + "then run admin rotate-keys activate."
                );
            default:
                await rotation.PrepareAsync(pepper, keyEncryptionKey, words.Add);
                await rotation.ActivateAsync(pepper, keyEncryptionKey, words.Add);
                break;
        }

        return new ControlAnswer(null, string.Join(Environment.NewLine, words));
    }
}
