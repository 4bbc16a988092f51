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
        Assert.False(JsonWebKeySet.TryParse(Set(Key("a"), Symmetric), out _));
        Assert.False(JsonWebKeySet.TryParse(Set(Key("a"), Key("b").Replace("{", "{\"d\":\"AA\",", StringComparison.Ordinal)), out _));
    }

    /// <summary>B.4: one bad member does not spoil the set, and each one that is left out is named.</summary>
    [Theory]
    [InlineData("null", "is not a JSON object")]
    [InlineData("7", "is not a JSON object")]
    [InlineData("\"text\"", "is not a JSON object")]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("{}", "has no kid")]
    [InlineData("{\"kid\":\"x\"}", "has a kty that is not")]
    [InlineData("{\"kid\":\"x\",\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"pub\":\"AA\"}", "has a kty that is not")]
    [InlineData("{\"kid\":\"x\",\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AA\",\"y\":\"AA\"}", "is not P-256")]
    [InlineData("{\"kid\":\"x\",\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"AA\",\"e\":\"AQAB\"}", "is not for signatures")]
    public void B4_a_bad_member_is_left_out_and_named(string member, string reason)
    {
        Assert.True(JsonWebKeySet.TryParse(Set(Key("a"), member, Key("b")), out var set));
        using (set)
        {
            Assert.Equal(["a", "b"], set.Keys.Select(key => key.KeyId));
            var unused = Assert.Single(set.Unused);
            Assert.Equal(1, unused.Position);
            Assert.StartsWith(reason, unused.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void B4_keys_of_one_id_are_all_found()
    {
        var encryption = Key("a").Replace("\"sig\"", "\"enc\"", StringComparison.Ordinal);
        using var rsa = RSA.Create(2048);
        var other = Written(writer => JsonWebKey.WritePublic(writer, "a", "RS256", rsa));
        var first = Key("a");
        Assert.True(JsonWebKeySet.TryParse(Set(encryption, first, other, first, Key("a")), out var set));
        using (set)
        {
            Assert.Equal(["ES256", "RS256", "ES256"], set.FindAll("a").Select(key => key.Algorithm));
            Assert.Same(set.FindAll("a")[0], set.Find("a"));
            Assert.Equal([0, 3], set.Unused.Select(key => key.Position));
            Assert.Equal("is in the set already", set.Unused[1].Reason);
        }
    }

    [Fact]
    public void B4_more_than_a_hundred_keys_are_used_and_of_one_id_at_most_four()
    {
        Assert.True(JsonWebKeySet.TryParse(Set([.. Enumerable.Range(0, 120).Select(i => Key($"k{i}"))]), out var many));
        using (many)
        {
            Assert.Equal(120, many.Keys.Count);
            Assert.NotNull(many.Find("k119"));
            Assert.Empty(many.Unused);
        }

        Assert.True(JsonWebKeySet.TryParse(Set([.. Enumerable.Range(0, 6).Select(_ => Key("a"))]), out var same));
        using (same)
        {
            Assert.Equal(JsonWebKeySet.MaxKeysOfOneId, same.FindAll("a").Count);
            Assert.Equal([4, 5], same.Unused.Select(key => key.Position));
        }
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
        return Written(writer => JsonWebKey.WritePublic(writer, id, "ES256", ecdsa));
    }

    private static string Written(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
