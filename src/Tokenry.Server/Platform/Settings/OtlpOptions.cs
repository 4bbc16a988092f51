namespace Tokenry.Server.Platform.Settings;

/// <summary>The destination of metrics and traces over OTLP. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record OtlpOptions
{
    internal static readonly string[] Keys = ["Endpoint"];

    /// <summary>The collector; <c>null</c> = none.</summary>
    public Uri? Endpoint { get; init; }

    internal static OtlpOptions Read(IConfigurationSection section, List<string> faults)
    {
        if (section["Endpoint"] is not { } text)
        {
            return new();
        }

        if (
            Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri.Scheme is "https" or "http"
            && uri.UserInfo.Length == 0
            && text.AsSpan().IndexOfAny('?', '#') < 0
        )
        {
            return new() { Endpoint = uri };
        }

        // The fault does not repeat the value: it may hold a password.
        faults.Add($"{section.Path}:Endpoint is not an http(s) address without user, query and fragment, such as http://127.0.0.1:4318.");
        return new();
    }
}
