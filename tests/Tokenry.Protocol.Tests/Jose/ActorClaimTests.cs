using System.Text.Json.Nodes;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

/// <summary>RFC 8693 §4.1 and §4.4: who acts for the subject of a token, and who alone may.</summary>
public sealed class ActorClaimTests : IDisposable
{
    private readonly TokenForge forge = new();

    public void Dispose() => forge.Dispose();

    [Fact]
    public void Whoever_acts_is_read_with_all_who_acted_before()
    {
        var token = Read("act", """{"sub":"app_c","act":{"sub":"app_b","act":{"sub":"app_a"}}}""")!;
        Assert.Equal(new TokenActor("app_c", new TokenActor("app_b", new TokenActor("app_a", null))), token.Actor);
        Assert.Equal(3, token.Actor!.Depth);
        Assert.Equal(1, token.Actor.Earlier!.Earlier!.Depth);
        Assert.Null(forge.Validate(forge.Sign()).Token!.Actor);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"app_a\"")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"sub":7}""")]
    [InlineData("""{"sub":""}""")]
    [InlineData("""{"sub":"app_b","act":{}}""")]
    [InlineData("""{"sub":"app_b","act":"app_a"}""")]
    public void An_actor_that_is_none_spoils_the_token(string json)
    {
        Assert.Equal(AccessTokenFault.InvalidClaims, forge.FaultWith("act", json));
        if (!json.Contains("act", StringComparison.Ordinal))
            Assert.Equal(AccessTokenFault.InvalidClaims, forge.FaultWith("may_act", json));
    }

    [Fact]
    public void Whoever_alone_may_act_is_that_party_of_that_issuer()
    {
        var own = Read("may_act", """{"sub":"app_a"}""")!.MayAct!;
        Assert.Equal(new AuthorizedActor("app_a", null, true), own);
        Assert.True(own.Is("app_a", TokenForge.Issuer));
        Assert.False(own.Is("app_b", TokenForge.Issuer));

        var named = Read("may_act", """{"sub":"app_a","iss":"https://other.example.com"}""")!.MayAct!;
        Assert.True(named.Is("app_a", "https://other.example.com"));
        Assert.False(named.Is("app_a", TokenForge.Issuer));

        // What else identifies the party cannot be checked: then nobody may.
        var more = Read("may_act", """{"sub":"app_a","email":"a@example.com"}""")!.MayAct!;
        Assert.False(more.IsUnderstood);
        Assert.False(more.Is("app_a", TokenForge.Issuer));
        Assert.Equal(AccessTokenFault.InvalidClaims, forge.FaultWith("may_act", """{"sub":"app_a","iss":7}"""));
    }

    private AccessToken? Read(string claim, string json)
    {
        var claims = TokenForge.Claims();
        claims[claim] = JsonNode.Parse(json);
        return forge.Validate(forge.Sign(claims: claims)).Token;
    }
}
