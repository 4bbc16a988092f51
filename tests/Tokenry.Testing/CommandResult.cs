namespace Tokenry.Testing;

/// <summary>How a command ended. The two streams are kept apart, because secrets belong to the first and words to the second.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>Fails with everything the command wrote unless it ended with <paramref name="exitCode"/>.</summary>
    public CommandResult Expect(int exitCode) =>
        ExitCode == exitCode
            ? this
            : throw new InvalidOperationException($"expected exit code {exitCode}, got {ExitCode}\nstdout:\n{Output}\nstderr:\n{Error}");
}
