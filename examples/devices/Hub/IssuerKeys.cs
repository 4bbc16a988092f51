using Tokenry.Protocol.Jose;

namespace Hub;

/// <summary>Tokenry's public keys: in memory for every request, in a file for a start while Tokenry is away.</summary>
internal sealed class IssuerKeys
{
    // As long as Tokenry says that its set may be kept; a new key is published twice as long before it signs.
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    private readonly TokenryConnection _tokenry;
    private readonly TimeProvider _time;
    private readonly string _path;
    private volatile JsonWebKeySet? _keys;
    private DateTimeOffset _fetchedAt = DateTimeOffset.MinValue;

    public IssuerKeys(TokenryConnection tokenry, HubSettings settings, TimeProvider time)
    {
        (_tokenry, _time) = (tokenry, time);
        _path = Path.Combine(settings.Folder, "jwks.json");
        if (File.Exists(_path) && JsonWebKeySet.TryParse(File.ReadAllBytes(_path), out var kept))
        {
            _keys = kept;
        }
    }

    public VerificationKey? Find(string keyId) => _keys?.Find(keyId);

    /// <summary>Fetches the set where the one there is old.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        if (_time.GetUtcNow() - _fetchedAt < Life)
        {
            return;
        }

        var document = await _tokenry.Client.GetByteArrayAsync("/.well-known/jwks.json", cancellation);
        if (!JsonWebKeySet.TryParse(document, out var keys))
        {
            throw new HttpRequestException("the key set is none");
        }

        // The set before is left to the collector: a request may be using it.
        (_keys, _fetchedAt) = (keys, _time.GetUtcNow());
        await File.WriteAllBytesAsync(_path + ".new", document, cancellation);
        File.Move(_path + ".new", _path, overwrite: true);
    }
}
