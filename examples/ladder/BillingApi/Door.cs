using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Proofs;

namespace BillingApi;

/// <summary>Asks Tokenry about a request (<c>POST /v1/verify</c>): its credential, and what came with it to prove more than holding that.</summary>
internal sealed class Door : IDisposable
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    // What a signature covers, and its own two (RFC 9421).
    private static readonly string[] SignatureHeaders = ["signature", "signature-input", ContentDigest.FieldName];

    private readonly HttpClient _tokenry;
    private readonly Uri _address;

    public Door(DoorSettings settings)
    {
        _address = settings.Address;
        _tokenry = new() { BaseAddress = settings.Tokenry, Timeout = TimeSpan.FromSeconds(5) };
        _tokenry.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(settings.KeyFile).Trim());
    }

    public void Dispose() => _tokenry.Dispose();

    public async Task<Verdict> AskAsync(HttpContext context, string scope)
    {
        var request = context.Request;
        // Tokenry does not see the body; that its digest is the signed one is for who does.
        if (request.Headers.ContainsKey("Signature-Input") && !await HasItsDigestAsync(request))
        {
            return new(Valid: false, "proof_invalid");
        }

        var (token, isDpop) = Credential(request.Headers);
        var certificate = context.Connection.ClientCertificate;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith('/'))
        {
            return new(Valid: false, "malformed");
        }

        if (token is null && !request.Headers.ContainsKey("Signature-Input"))
        {
            return new(Valid: false, "credential_missing");
        }

        var question = new VerifyRequest
        {
            Token = token,
            Scopes = [scope],
            Ip = context.Connection.RemoteIpAddress?.ToString(),
            Method = request.Method,
            Path = request.Path,
            Proof = new()
            {
                Uri = _address.GetLeftPart(UriPartial.Authority) + target,
                Dpop = isDpop ? request.Headers["DPoP"].ToString() : null,
                Certificate = certificate?.ExportCertificatePem(),
                Headers = SignatureHeaders
                    .Where(request.Headers.ContainsKey)
                    .ToDictionary(name => name, name => (IReadOnlyList<string>)[.. request.Headers[name].OfType<string>()]),
            },
        };
        using var answer = await _tokenry.PostAsJsonAsync("/v1/verify", question, Json);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<Verdict>(Json) ?? throw new JsonException("No verdict.");
    }

    private static (string? Token, bool IsDpop) Credential(IHeaderDictionary headers) =>
        headers.Authorization.ToString().Split(' ', 2) is [var scheme, var token]
            ? (token, scheme.Equals("DPoP", StringComparison.OrdinalIgnoreCase))
            : (headers["X-API-Key"] is { Count: 1 } key ? key[0] : null, false);

    private static async Task<bool> HasItsDigestAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        return ContentDigest.Matches(request.Headers[ContentDigest.FieldName], body.ToArray());
    }
}
