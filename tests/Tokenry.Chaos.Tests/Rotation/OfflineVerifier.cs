using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Tokenry.Protocol.Jose;

namespace Tokenry.Chaos.Tests.Rotation;

/// <summary>
/// An API that verifies tokens by the JWK set alone: it fetches the set when its <c>max-age</c> is over and never because of a token, so that a
/// key which signs before it was published long enough shows.
/// </summary>
internal sealed class OfflineVerifier(ApiClient server, string issuer)
{
    private readonly AccessTokenValidator _validator = new(issuer, TimeProvider.System);
    private readonly Lock _gate = new();
    private readonly ConcurrentQueue<TimeSpan> _fetches = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private Dictionary<string, VerificationKey> _keys = [];
    private Task _fetching = Task.CompletedTask;
    private TimeSpan _goodUntil = TimeSpan.MinValue;

    /// <summary>When the set was fetched.</summary>
    public IReadOnlyCollection<TimeSpan> Fetches => _fetches;

    public TimeSpan MaxAge { get; private set; }

    /// <summary>Ids of all keys seen.</summary>
    public HashSet<string> Seen { get; } = [];

    /// <returns><c>valid</c>, or what is wrong with it.</returns>
    public async Task<string> VerifyAsync(string token)
    {
        await RefreshAsync();
        var result = _validator.Validate(token, Volatile.Read(ref _keys).GetValueOrDefault);
        return result.IsValid ? "valid" : $"offline {result.Fault}";
    }

    private Task RefreshAsync()
    {
        lock (_gate)
        {
            if (_fetching.IsCompleted && _clock.Elapsed >= _goodUntil)
                _fetching = FetchAsync();
            return _fetching;
        }
    }

    private async Task FetchAsync()
    {
        var at = _clock.Elapsed;
        var answer = await server.GetAsync("/.well-known/jwks.json").Expect(200);
        var maxAge = answer.Header("Cache-Control")!.Split("max-age=")[1];
        MaxAge = TimeSpan.FromSeconds(int.Parse(maxAge, CultureInfo.InvariantCulture));
        var keys = new Dictionary<string, VerificationKey>(StringComparer.Ordinal);
        foreach (var jwk in answer.Json.GetProperty("keys").EnumerateArray())
        {
            Assert.True(VerificationKey.TryImport(jwk, out var key), jwk.GetRawText());
            keys.Add(key.KeyId, key);
            Seen.Add(key.KeyId);
        }

        Volatile.Write(ref _keys, keys);
        _goodUntil = at + MaxAge;
        _fetches.Enqueue(at);
    }
}
