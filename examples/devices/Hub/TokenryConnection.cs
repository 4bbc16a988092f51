namespace Hub;

/// <summary>The hub's connection to Tokenry. It may be away for hours: nobody waits for it for long.</summary>
internal sealed class TokenryConnection : IDisposable
{
    public TokenryConnection(HubSettings settings)
    {
        Client = new() { BaseAddress = settings.Tokenry, Timeout = TimeSpan.FromSeconds(5) };
        Client.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(settings.KeyFile).Trim());
    }

    public HttpClient Client { get; }

    public void Dispose() => Client.Dispose();
}
