using System.Text.Json;
using Tokenry.Protocol.Proofs;

namespace BillingJob.Rungs;

/// <summary>Rung 2: an API key that signs each request (RFC 9421) and stays at home. A captured request is good for nothing: it was used.</summary>
internal sealed class SignedRequest(Home home) : IRung
{
    private const string File = "signing-key.json";

    public string Name => "signed";

    public string? Obstacle => home.Has(File) ? null : $"there is no {File}";

    public async Task AuthorizeAsync(HttpRequestMessage request)
    {
        var stored = JsonSerializer.Deserialize<StoredKey>(home.ReadSecret(File), Json.Options)!;
        if (!RequestSigningKey.TryParse(stored.SigningKey, out var key))
        {
            throw new Refusal($"{File} holds no signing key.");
        }

        var address = request.RequestUri!;
        var message = new HttpMessage(
            request.Method.Method,
            address.Scheme,
            address.Authority,
            address.PathAndQuery,
            fields: _ => [],
            await request.Content!.ReadAsByteArrayAsync()
        );
        var signed = new MessageSigner(stored.Id, key, TimeProvider.System).Sign(message);
        request.Headers.Add("Content-Digest", signed.ContentDigest);
        request.Headers.Add("Signature-Input", signed.SignatureInput);
        request.Headers.Add("Signature", signed.Signature);
    }

    // A class and not a record: a record would print the key.
    private sealed class StoredKey
    {
        public required string Id { get; init; }

        public required string SigningKey { get; init; }
    }
}
