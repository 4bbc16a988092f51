using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Enrolment;

/// <summary>The devices as Tokenry knows them: each an application with one certificate.</summary>
internal sealed class Registry : IDisposable
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly HttpClient _tokenry;
    private readonly string _role;

    public Registry(FleetSettings settings, string token)
    {
        _role = settings.Role;
        _tokenry = new() { BaseAddress = new(settings.Tokenry) };
        _tokenry.DefaultRequestHeaders.Authorization = new("Bearer", token);
    }

    public void Dispose() => _tokenry.Dispose();

    /// <summary>Ids of all applications by name.</summary>
    public async Task<Dictionary<string, string>> ListApplicationsAsync()
    {
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        await foreach (var application in ListAsync<Application>("/v1/applications?"))
        {
            ids.TryAdd(application.Name, application.Id);
        }

        return ids;
    }

    /// <summary>Ids of the applications that have a certificate, or had one: what was revoked stays so.</summary>
    public async Task<HashSet<string>> ListCertificateOwnersAsync()
    {
        var owners = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var certificate in ListAsync<Certificate>("/v1/credentials?kind=certificate&"))
        {
            owners.Add(certificate.Owner.Id);
        }

        return owners;
    }

    /// <returns>Its id.</returns>
    public async Task<string> CreateApplicationAsync(string name) =>
        (await CreateAsync<Application>("/v1/applications", new { name, roles = new[] { _role } })).Id;

    /// <summary>From now on a certificate with the device's name, from that authority, stands for the application.</summary>
    public Task CreateCertificateAsync(string applicationId, string name, string authorityPem) =>
        CreateAsync<Certificate>(
            $"/v1/applications/{applicationId}/certificates",
            new { name, tls_client_auth = new { san_uri = DeviceAuthority.UriOf(name), ca_certificates = authorityPem } }
        );

    private async Task<T> CreateAsync<T>(string path, object body)
    {
        using var answer = await _tokenry.PostAsJsonAsync(path, body);
        if (answer.StatusCode == HttpStatusCode.TooManyRequests)
        {
            // Nothing was made: more requests than Tokenry:Management:RequestsPerMinute allows one credential.
            await Task.Delay(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1));
            return await CreateAsync<T>(path, body);
        }

        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        return (await answer.Content.ReadFromJsonAsync<T>(Json))!;
    }

    private async IAsyncEnumerable<T> ListAsync<T>(string path)
    {
        string? cursor = null;
        do
        {
            var page = await _tokenry.GetFromJsonAsync<Page<T>>($"{path}limit=200{(cursor is null ? "" : $"&cursor={cursor}")}", Json);
            foreach (var item in page!.Items)
            {
                yield return item;
            }

            cursor = page.NextCursor;
        } while (cursor is not null);
    }

    private sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

    private sealed record Application(string Id, string Name);

    private sealed record Certificate(string Id, Owner Owner);

    private sealed record Owner(string Id);
}
