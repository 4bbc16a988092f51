using System.Text.Json.Nodes;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

/// <summary>B.3: a NumericDate is any JSON number (RFC 7519 §2), however it is written; <c>$now</c> is the time of the test.</summary>
public sealed class NumericDateTests : IDisposable
{
    private readonly TokenForge forge = new();

    public void Dispose() => forge.Dispose();

    [Theory]
    [InlineData("$now", AccessTokenFault.None)]
    [InlineData("$now.5", AccessTokenFault.None)]
    [InlineData("$now.123456789012345678", AccessTokenFault.None)]
    [InlineData("$now.0", AccessTokenFault.None)]
    [InlineData("$nowe0", AccessTokenFault.None)]
    [InlineData("$nowE-0", AccessTokenFault.None)]
    [InlineData("1e9", AccessTokenFault.None)]
    [InlineData("0", AccessTokenFault.None)]
    [InlineData("0.5", AccessTokenFault.None)]
    [InlineData("253402300799", AccessTokenFault.NotYetValid)]
    [InlineData("253402300800", AccessTokenFault.InvalidClaims)]
    [InlineData("253402300799.5", AccessTokenFault.InvalidClaims)]
    [InlineData("1e400", AccessTokenFault.InvalidClaims)]
    [InlineData("-1", AccessTokenFault.InvalidClaims)]
    [InlineData("-0.5", AccessTokenFault.InvalidClaims)]
    [InlineData("\"$now\"", AccessTokenFault.InvalidClaims)]
    [InlineData("[$now]", AccessTokenFault.InvalidClaims)]
    [InlineData("null", AccessTokenFault.InvalidClaims)]
    [InlineData("true", AccessTokenFault.InvalidClaims)]
    public void B3_a_time_is_a_number(string json, AccessTokenFault fault)
    {
        var now = TokenForge.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        var payload = TokenForge.Claims().ToJsonString();
        var iat = TokenForge.Claims()["iat"]!.ToJsonString();
        payload = payload.Replace(
            $"\"iat\":{iat}",
            $"\"iat\":{json.Replace("$now", now, StringComparison.Ordinal)}",
            StringComparison.Ordinal
        );
        Assert.Equal(fault, forge.FaultOf(forge.Sign(TokenForge.Header().ToJsonString(), payload)));
    }

    /// <summary>The fraction counts: a token ends within its last second, not after it.</summary>
    [Theory]
    [InlineData(0.5, AccessTokenFault.None)]
    [InlineData(-0.5, AccessTokenFault.Expired)]
    public void B3_a_fraction_is_time_too(double seconds, AccessTokenFault fault)
    {
        var claims = TokenForge.Claims();
        claims["exp"] = JsonValue.Create((decimal)TokenForge.Now.ToUnixTimeSeconds() + (decimal)seconds);
        Assert.Equal(fault, forge.FaultOf(forge.Sign(claims: claims)));
    }
}
