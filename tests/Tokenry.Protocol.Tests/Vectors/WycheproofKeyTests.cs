using System.Text;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Vectors;

/// <summary>Wycheproof's bad keys against the import policy, as single keys and as sets.</summary>
public sealed class WycheproofKeyTests
{
    // The five valid cases but this one use HMAC keys, which we take from nobody; 5 is the RSA key.
    private const int UsableKey = 5;

    [Fact]
    public void Exactly_the_good_key_verifies_its_token()
    {
        var verified = new List<int>();
        foreach (var (group, test) in VectorFile.Wycheproof("json_web_key"))
        {
            var keys = group.TryGetProperty("public", out var published) ? published : group.GetProperty("private");
            if (!JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(keys.GetRawText()), out var set))
            {
                continue;
            }

            using (set)
            {
                if (Verifies(test.Text("jws"), set))
                {
                    verified.Add(test.Id());
                }
            }
        }

        Assert.Equal([UsableKey], verified);
    }

    [Fact]
    public void No_bad_key_is_imported()
    {
        var imported = new List<int>();
        foreach (var (group, test) in VectorFile.Wycheproof("json_web_key"))
        {
            if (group.TryGetProperty("public", out var published))
            {
                foreach (var jwk in published.GetProperty("keys").EnumerateArray())
                {
                    if (VerificationKey.TryImport(jwk, out var key))
                    {
                        imported.Add(test.Id());
                        key.Dispose();
                    }
                }
            }
        }

        Assert.Equal([UsableKey], imported);
    }

    [Fact]
    public void No_private_or_symmetric_key_is_imported()
    {
        foreach (var (group, test) in VectorFile.Wycheproof("json_web_key"))
        {
            var keys = group.GetProperty("private");
            foreach (var jwk in keys.GetProperty("keys").EnumerateArray())
            {
                var bare = jwk.TryGetProperty("d", out _) || jwk.TryGetProperty("k", out _);
                Assert.True(!bare || !VerificationKey.TryImport(jwk, out _), $"tcId {test.Id()}");
            }
        }
    }

    // Overrides 4: tcId 1 mixes symmetric and public keys, tcId 4 uses a kid twice.
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_mixed_or_ambiguous_set_is_refused(int id)
    {
        var (group, _) = VectorFile.Wycheproof("json_web_key").Single(item => item.Case.Id() == id);
        Assert.False(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(group.GetProperty("private").GetRawText()), out _));
    }

    private static bool Verifies(string token, JsonWebKeySet set) =>
        CompactJws.TryParse(Encoding.ASCII.GetBytes(token), out var jws)
        && set.Find(jws.Header.KeyId ?? "") is { } key
        && jws.IsSignedBy(key);
}
