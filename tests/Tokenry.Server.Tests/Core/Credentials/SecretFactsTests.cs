using System.Security.Cryptography;
using Tokenry.Server.Core.Credentials;

namespace Tokenry.Server.Tests.Core.Credentials;

public sealed class SecretFactsTests
{
    [Fact]
    public void Only_the_string_that_passed_the_HMAC_is_known_again()
    {
        var (right, wrong) = (SHA256.HashData("right"u8), SHA256.HashData("wrong"u8));
        var secret = new SecretFacts(SHA256.HashData("hash"u8), pepperVersion: 1, expiresAt: null);
        Assert.False(secret.IsProven(right));
        secret.Remember(right);
        Assert.True(secret.IsProven(right));
        Assert.False(secret.IsProven(wrong));
        Assert.False(secret.IsProven([]));
    }
}
