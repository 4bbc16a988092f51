using System.Net.Http.Headers;
using System.Text;

namespace BillingJob.Rungs;

/// <summary>Rung 3: a secret that goes to the token endpoint alone and buys a JWT for some minutes. The API never sees it.</summary>
internal sealed class ClientSecret(Home home, TokenEndpoint tokens) : IRung
{
    private const string File = "client-secret";

    public string Name => "secret";

    public string? Obstacle => home.Has(File) ? null : $"there is no {File}";

    public async Task AuthorizeAsync(HttpRequestMessage request)
    {
        // RFC 6749 §2.3.1: both form-encoded first.
        var pair = $"{Uri.EscapeDataString(home.ClientId)}:{Uri.EscapeDataString(home.ReadSecret(File))}";
        var basic = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        request.Headers.Authorization = new("Bearer", await tokens.BuyAsync([], basic));
    }
}
