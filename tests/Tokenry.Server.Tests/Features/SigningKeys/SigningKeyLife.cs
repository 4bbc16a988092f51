using System.Diagnostics;
using System.Text.Json;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Features.SigningKeys;

/// <summary>A server whose keys live seconds, and what a test asks of it.</summary>
internal static class SigningKeyLife
{
    public static readonly TimeSpan PublishAhead = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan RetiredKept = TimeSpan.FromSeconds(4);

    /// <summary>Rotated by hand, unless <paramref name="rotateEvery"/> says when.</summary>
    public static ServerOptions Short(string rotateEvery = "0") =>
        new()
        {
            Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Tokenry:Issuer"] = "https://tokens.example.com",
                ["Tokenry:SigningKeys:RotateEvery"] = rotateEvery,
                ["Tokenry:SigningKeys:JwksMaxAge"] = "1s",
                ["Tokenry:SigningKeys:PublishAhead"] = "2s",
                ["Tokenry:SigningKeys:RetiredKept"] = "4s",
            },
        };

    public static Task<ApiResponse> RotateAsync(this ApiClient client, string algorithm = "ES256", bool? immediately = null) =>
        client.PostAsync("/v1/signing-keys/rotate", immediately is { } now ? new { algorithm, immediately = now } : new { algorithm });

    public static Task<ApiResponse> TaintAsync(this ApiClient client, string keyId) =>
        client.PostAsync($"/v1/signing-keys/{keyId}/taint", new { reason = "found in a log" });

    public static async Task<string> StateAsync(this ApiClient client, string keyId) =>
        (await client.GetAsync($"/v1/signing-keys/{keyId}").Expect(200)).Text("state");

    public static async Task<bool> OnTokenAsync(this ApiClient client, string keyId) =>
        (await client.GetAsync($"/v1/signing-keys/{keyId}").Expect(200)).Json.GetProperty("on_token").GetBoolean();

    public static async Task<string> ActiveAsync(this ApiClient client, string algorithm = "ES256")
    {
        var listed = await client.GetAsync($"/v1/signing-keys?algorithm={algorithm}&state=active").Expect(200);
        return Assert.Single(listed.Json.GetProperty("items").EnumerateArray()).GetProperty("id").GetString()!;
    }

    /// <summary>Key ids as published, the oldest first.</summary>
    public static async Task<IReadOnlyList<string>> PublishedAsync(this ApiClient client) =>
        [
            .. (await client.GetAsync("/.well-known/jwks.json").Expect(200))
                .Json.GetProperty("keys")
                .EnumerateArray()
                .Select(key => key.GetProperty("kid").GetString()!),
        ];

    public static string KeyId(string token) => OAuthRequests.Header(token).GetProperty("kid").GetString()!;

    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> UntilAsync(Func<Task<bool>> holds, TimeSpan patience)
    {
        var waited = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(waited.Elapsed < patience, $"not within {patience}");
            await Task.Delay(5);
        }

        return waited.Elapsed;
    }

    /// <summary>What the audit says of a key, in order.</summary>
    public static async Task<IReadOnlyList<string>> ActionsAsync(this ApiClient client, string keyId) =>
        [
            .. (await client.GetAsync($"/v1/audit?target={keyId}").Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Reverse()
                .Select(entry => entry.GetProperty("action").GetString()!),
        ];

    public static DateTimeOffset? Time(this ApiResponse answer, string member) =>
        answer.Json.GetProperty(member) is { ValueKind: JsonValueKind.String } time ? time.GetDateTimeOffset() : null;
}
