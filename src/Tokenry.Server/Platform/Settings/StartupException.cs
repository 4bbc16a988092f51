namespace Tokenry.Server.Platform.Settings;

/// <summary>The server cannot start; each fault says what to do about it. All that can be known are reported together.</summary>
public sealed class StartupException(params IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<string> Faults => faults;
}
