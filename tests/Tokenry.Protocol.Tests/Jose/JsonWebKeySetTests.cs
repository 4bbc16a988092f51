using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

public sealed class JsonWebKeySetTests
{
    private const string Symmetric = "{\"kty\":\"oct\",\"kid\":\"h\",\"k\":\"AAAA\"}";

    [Fact]
    public void Keys_are_found_by_their_id()
    {
        Assert.True(JsonWebKeySet.TryParse(Set(Key("a"), Key("b")), out var set));
        using (set)
        {
            Assert.Equal("a", set.Find("a")!.KeyId);
            Assert.Equal("b", set.Find("b")!.KeyId);
            Assert.Null(set.Find("A"));
            Assert.Equal(2, set.Keys.Count);
        }
    }

    [Fact]
    public void Keys_we_cannot_use_are_left_out()
    {
        var other = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"o\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
        Assert.True(JsonWebKeySet.TryParse(Set(Key("a"), other, "{\"kty\":\"new\"}"), out var set));
        using (set)
        {
            Assert.Equal("a", Assert.Single(set.Keys).KeyId);
        }
    }

    [Fact]
    public void A_set_nobody_should_trust_is_refused_whole()
    {
        Assert.False(JsonWebKeySet.TryParse(Set(Key("a"), Key("a")), out _));
        Assert.False(JsonWebKeySet.TryParse(Set(Key("a"), Symmetric), out _));
        Assert.False(JsonWebKeySet.TryParse(Set(Key("a"), Key("b").Replace("{", "{\"d\":\"AA\",", StringComparison.Ordinal)), out _));
        Assert.False(JsonWebKeySet.TryParse(Set(Key("a"), "7"), out _));
        Assert.False(JsonWebKeySet.TryParse(Set([.. Enumerable.Range(0, 101).Select(i => $"{{\"kid\":\"{i}\"}}")]), out _));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"keys\":{}}")]
    [InlineData("{\"keys\":[],\"keys\":[]}")]
    [InlineData("<html>")]
    public void What_is_no_set_is_refused(string json) => Assert.False(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(json), out _));

    [Fact]
    public void An_empty_set_has_no_keys()
    {
        Assert.True(JsonWebKeySet.TryParse("{\"keys\":[]}"u8.ToArray(), out var set));
        Assert.Null(set.Find(""));
        set.Dispose();
    }

    [Fact]
    public void No_bytes_make_it_throw() => Prop.ForAll<byte[]>(bytes => !JsonWebKeySet.TryParse(bytes, out _)).QuickCheckThrowOnFailure();

    private static byte[] Set(params string[] keys) => Encoding.UTF8.GetBytes($"{{\"keys\":[{string.Join(',', keys)}]}}");

    private static string Key(string id)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            JsonWebKey.WritePublic(writer, id, "ES256", ecdsa);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
