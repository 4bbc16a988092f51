namespace BillingJob.Rungs;

/// <summary>Rung 1: an API key, sent along with every request. Whoever sees one has it.</summary>
internal sealed class ApiKey(Home home) : IRung
{
    private const string File = "api-key";

    public string Name => "api-key";

    public string? Obstacle => home.Has(File) ? null : $"there is no {File}";

    public Task AuthorizeAsync(HttpRequestMessage request)
    {
        request.Headers.Add("X-API-Key", home.ReadSecret(File));
        return Task.CompletedTask;
    }
}
