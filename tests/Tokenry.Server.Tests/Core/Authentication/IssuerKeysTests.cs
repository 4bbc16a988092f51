using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Tests.Platform.Http;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Core.Authentication;

/// <summary>Row 34 of the incidents: keys that nobody has fetch nothing, and a fetch that fails takes nothing away.</summary>
public sealed class IssuerKeysTests : IDisposable
{
    private readonly KeyServer _server = new();
    private readonly ForeignIssuer _issuer = new(algorithm: "ES256");
    private readonly FakeTimeProvider _time = new(TestStore.Start);
    private readonly Egress _egress = new(EgressTests.Options(allowed: "127.0.0.1"), NullLogger<Egress>.Instance);
    private readonly IssuerKeys _keys;

    public IssuerKeysTests()
    {
        _keys = new IssuerKeys(_egress, _time, NullLogger<IssuerKeys>.Instance);
        _server.Body = _issuer.Jwks.ToJsonString();
    }

    public void Dispose()
    {
        _server.Dispose();
        _issuer.Dispose();
        _egress.Dispose();
    }

    [Fact]
    public async Task However_many_ask_one_fetch_answers_them()
    {
        _server.Delay = TimeSpan.FromMilliseconds(200);
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ => await FindAsync(_issuer.KeyId)));
        Assert.DoesNotContain(false, answers);
        Assert.Equal(1, _server.Requests);
    }

    [Fact]
    public async Task Ten_thousand_unknown_keys_are_one_fetch_in_thirty_seconds()
    {
        Assert.True(await FindAsync(_issuer.KeyId));
        _time.Advance(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 10_000; i++)
            Assert.False(await FindAsync($"unknown-{i}"));
        Assert.Equal(2, _server.Requests);
        Assert.True(await FindAsync(_issuer.KeyId));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.False(await FindAsync("unknown"));
        Assert.Equal(3, _server.Requests);
    }

    [Fact]
    public async Task A_new_key_is_learnt_at_its_first_use()
    {
        Assert.True(await FindAsync(_issuer.KeyId));
        using var next = new ForeignIssuer(algorithm: "ES256") { KeyId = "next" };
        _server.Body = next.Jwks.ToJsonString();
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(await FindAsync("next"));
        Assert.False(await FindAsync(_issuer.KeyId));
    }

    [Theory]
    [InlineData(500, "")]
    [InlineData(200, "")]
    [InlineData(200, "no JSON")]
    [InlineData(200, "{\"keys\":[]}")]
    [InlineData(200, "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"AAAA\"}]}")]
    public async Task What_is_no_set_takes_no_key_away(int status, string body)
    {
        Assert.True(await FindAsync(_issuer.KeyId));
        (_server.Status, _server.Body) = (status, body);
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.True(await FindAsync(_issuer.KeyId));
        Assert.Equal(2, _server.Requests);
        Assert.True(await FindAsync(_issuer.KeyId)); // not asked again at once
        Assert.Equal(2, _server.Requests);
        (_server.Status, _server.Body) = (200, _issuer.Jwks.ToJsonString());
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(await FindAsync(_issuer.KeyId));
        Assert.Equal(3, _server.Requests);
    }

    /// <summary>A.12: an issuer that vanished is not trusted for ever.</summary>
    [Fact]
    public async Task Keys_are_dropped_after_an_hour_of_failing_fetches()
    {
        Assert.True(await FindAsync(_issuer.KeyId));
        _server.Status = 503;
        for (var minutes = 0; minutes < 55; minutes += 5)
        {
            _time.Advance(TimeSpan.FromMinutes(5));
            Assert.True(await FindAsync(_issuer.KeyId));
        }

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(await FindAsync(_issuer.KeyId));
        Assert.False(await FindAsync(_issuer.KeyId)); // nor where no fetch is due
        _server.Status = 200;
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(await FindAsync(_issuer.KeyId));
    }

    [Fact]
    public async Task Where_there_never_were_keys_there_are_none()
    {
        _server.Status = 503;
        for (var i = 0; i < 100; i++)
            Assert.False(await FindAsync(_issuer.KeyId));
        Assert.Equal(1, _server.Requests);
    }

    private async Task<bool> FindAsync(string keyId) => (await _keys.GetAsync(_server.Address, keyId))?.Find(keyId) is not null;
}
