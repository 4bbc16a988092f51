namespace Tokenry.Server.Platform.Settings;

/// <summary>The server cannot start; each fault says what to do about it. All faults that the server can detect are reported together.</summary>
public sealed class StartupException(params IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<string> Faults => faults;
}
