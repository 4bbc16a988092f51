using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Tokenry.Protocol.Jose;

namespace Hub;

/// <summary>
/// The tokens that devices use now, and what Tokenry says of each: asked for all of them every second, a hundred at a time. A signature says nothing of
/// revocation; this does, a second later, and while Tokenry is away the last word holds.
/// </summary>
internal sealed class SeenTokens
{
    private const int MostAtOnce = 100;
    private const int Most = 100_000;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly ConcurrentDictionary<string, SeenToken> _live = new(StringComparer.Ordinal);
    private readonly TokenryConnection _tokenry;
    private readonly TimeProvider _time;
    private readonly ILogger<SeenTokens> _log;
    private readonly string _path;

    // By token id, until when: kept in a file too, or a start while Tokenry is away would forget it.
    private Dictionary<string, DateTimeOffset> _refused = [];

    public SeenTokens(TokenryConnection tokenry, HubSettings settings, TimeProvider time, ILogger<SeenTokens> log)
    {
        (_tokenry, _time, _log) = (tokenry, time, log);
        _path = Path.Combine(settings.Folder, "refused.json");
        if (File.Exists(_path))
        {
            _refused = JsonSerializer.Deserialize<Dictionary<string, DateTimeOffset>>(File.ReadAllText(_path)) ?? [];
        }
    }

    /// <summary>Remembers that the token is in use. False where it was taken back.</summary>
    public bool Note(AccessToken token, string text, X509Certificate2 certificate)
    {
        if (!_live.ContainsKey(token.TokenId))
        {
            // What there is no room for could not be watched.
            if (_live.Count >= Most)
            {
                return false;
            }

            _live.TryAdd(token.TokenId, new(text, certificate.ExportCertificatePem(), token.ExpiresAt));
        }

        return !Volatile.Read(ref _refused).ContainsKey(token.TokenId);
    }

    /// <summary>Asks Tokenry about all of them.</summary>
    public async Task AskAsync(CancellationToken cancellation)
    {
        var now = _time.GetUtcNow();
        foreach (var (id, _) in _live.Where(entry => entry.Value.ExpiresAt <= now))
        {
            _live.TryRemove(id, out _);
        }

        // What is refused stays so until it ends, unless Tokenry says otherwise: a device may be disabled and enabled again.
        var refused = _refused.Where(entry => entry.Value > now).ToDictionary();
        foreach (var chunk in _live.Chunk(MostAtOnce))
        {
            var codes = await AskAsync(chunk, cancellation);
            foreach (var ((id, token), code) in chunk.Zip(codes))
            {
                if (code == "valid")
                {
                    refused.Remove(id);
                }
                else if (refused.TryAdd(id, token.ExpiresAt))
                {
                    Words.Refused(_log, id, code);
                }
            }
        }

        if (!refused.Keys.ToHashSet(StringComparer.Ordinal).SetEquals(_refused.Keys))
        {
            await File.WriteAllTextAsync(_path + ".new", JsonSerializer.Serialize(refused), cancellation);
            File.Move(_path + ".new", _path, overwrite: true);
        }

        Volatile.Write(ref _refused, refused);
    }

    private async Task<IEnumerable<string>> AskAsync(KeyValuePair<string, SeenToken>[] tokens, CancellationToken cancellation)
    {
        var items = tokens.Select(entry => new { token = entry.Value.Text, proof = new { certificate = entry.Value.Certificate } });
        using var answer = await _tokenry.Client.PostAsJsonAsync("/v1/verify/batch", new { items }, cancellation);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<Answer>(Json, cancellation))!.Items.Select(item => item.Code);
    }

    // A class and not a record: a record would print the token.
    private sealed class SeenToken(string text, string certificate, DateTimeOffset expiresAt)
    {
        public string Text => text;

        public string Certificate => certificate;

        public DateTimeOffset ExpiresAt => expiresAt;
    }

    private sealed record Answer(IReadOnlyList<Item> Items);

    private sealed record Item(string Code);
}
