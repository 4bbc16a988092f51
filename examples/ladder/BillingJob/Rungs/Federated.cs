namespace BillingJob.Rungs;

/// <summary>
/// Rung 7: nothing is stored. The platform the job runs on gives it a short token that says what it is (GitHub Actions, GitLab CI, Kubernetes), and that is
/// exchanged (RFC 8693) for one of ours, bound to a key that lives as long as the job.
/// </summary>
internal sealed class Federated(TokenEndpoint tokens) : IRung
{
    private const string Variable = "ID_TOKEN";

    public string Name => "federated";

    public string? Obstacle => Token is null ? $"the platform put no token into {Variable}" : null;

    private static string? Token => Environment.GetEnvironmentVariable(Variable);

    public async Task AuthorizeAsync(HttpRequestMessage request)
    {
        var key = new DpopKey();
        key.Authorize(request, await tokens.ExchangeAsync(Token!, key));
    }
}
