using System.Net.Http.Json;
using System.Text.Json;

namespace Thermostat;

/// <summary>
/// The device's token, kept in a file until shortly before it ends, so that a device that starts anew need not ask. It is bound to the certificate: without
/// the key it opens nothing.
/// </summary>
internal sealed class TokenStore(Device device, HttpClient connection)
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private readonly string _path = Path.Combine(device.Folder, "token.json");

    public async Task<string> GetAsync()
    {
        if (File.Exists(_path))
        {
            var kept = JsonSerializer.Deserialize<Kept>(await File.ReadAllTextAsync(_path), Device.Json)!;
            if (kept.ExpiresAt - Margin > TimeProvider.System.GetUtcNow())
            {
                return kept.AccessToken;
            }
        }

        return await BuyAsync();
    }

    /// <summary>The hub took it no longer.</summary>
    public void Forget() => File.Delete(_path);

    private async Task<string> BuyAsync()
    {
        // RFC 8705 §2: who it is says the form, that it is says the handshake.
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_id"] = device.ClientId,
                ["resource"] = device.Hub,
            }
        );
        using var answer = await connection.PostAsync(device.TokenEndpoint, form);
        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"no token: {await answer.Content.ReadAsStringAsync()}");
        }

        var token = (await answer.Content.ReadFromJsonAsync<Answer>(Device.Json))!;
        var kept = new Kept { AccessToken = token.AccessToken, ExpiresAt = TimeProvider.System.GetUtcNow().AddSeconds(token.ExpiresIn) };
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var file = new FileStream(_path, options);
        await JsonSerializer.SerializeAsync(file, kept, Device.Json);
        return kept.AccessToken;
    }

    // Classes and no records: a record would print the token.
    private sealed class Answer
    {
        public required string AccessToken { get; init; }

        public required int ExpiresIn { get; init; }
    }

    private sealed class Kept
    {
        public required string AccessToken { get; init; }

        public required DateTimeOffset ExpiresAt { get; init; }
    }
}
