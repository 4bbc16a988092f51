using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;

namespace Tokenry.Server.Tests.Core.Access;

/// <summary>What a kind of credential can use of the scopes it has, where scopes take fewer kinds than their API.</summary>
public sealed class UsableScopesTests
{
    private static readonly ApiResourceFacts Narrowed = Api(
        new()
        {
            ["publish"] = [CredentialKind.ApiKey],
            ["delete"] = [CredentialKind.ApiKey, CredentialKind.AccessToken],
            ["settle"] = [CredentialKind.AccessToken],
        }
    );

    private static readonly ScopeSet All = ScopeSet.Of(["delete", "publish", "read", "settle", "write"]);

    [Theory]
    [InlineData(CredentialKind.ApiKey, "delete publish read write")]
    [InlineData(CredentialKind.AccessToken, "delete read settle write")]
    [InlineData(CredentialKind.PersonalAccessToken, "read write")] // no narrowed scope takes it
    [InlineData("API_KEY", "read write")]
    [InlineData("", "read write")]
    [InlineData(null, "read write")]
    public void A_kind_uses_the_scopes_that_take_it_and_those_that_take_all(string? kind, string expected) =>
        Assert.Equal(expected, Narrowed.Usable(All, kind).ToString());

    [Theory]
    [InlineData(CredentialKind.ApiKey)]
    [InlineData(CredentialKind.PersonalAccessToken)]
    [InlineData(null)]
    public void Nothing_is_added_and_what_is_whole_stays_the_same_set(string? kind)
    {
        var plain = ScopeSet.Of(["read", "write"]);
        Assert.Same(plain, Narrowed.Usable(plain, kind));
        Assert.Same(All, Api([]).Usable(All, kind));
        Assert.Same(ScopeSet.Empty, Narrowed.Usable(ScopeSet.Empty, kind));
    }

    /// <summary>The rule in one line, for every kind and every set of scopes.</summary>
    [Fact]
    public void It_is_the_rule_word_for_word()
    {
        foreach (var kind in (string?[])[CredentialKind.ApiKey, CredentialKind.AccessToken, CredentialKind.PersonalAccessToken, null])
        {
            for (var chosen = 0; chosen < 1 << All.Count; chosen++)
            {
                var scopes = ScopeSet.Of(All.Where((_, i) => (chosen >> i & 1) == 1));
                var expected = scopes.Where(scope =>
                    !Narrowed.NarrowedScopes.TryGetValue(scope, out var kinds) || kind is not null && kinds.Contains(kind)
                );
                Assert.Equal(expected, Narrowed.Usable(scopes, kind));
            }
        }
    }

    [Fact]
    public void Facts_that_are_changed_narrow_as_changed()
    {
        var changed = Narrowed with
        {
            NarrowedScopes = new Dictionary<string, IReadOnlyList<string>> { ["read"] = [CredentialKind.ApiKey] },
        };
        Assert.Equal("delete publish settle write", changed.Usable(All, CredentialKind.AccessToken).ToString());
        Assert.Same(All, changed.Usable(All, CredentialKind.ApiKey));
        Assert.Equal("delete read settle write", (Narrowed with { Id = "another" }).Usable(All, CredentialKind.AccessToken).ToString());
    }

    private static ApiResourceFacts Api(Dictionary<string, IReadOnlyList<string>> narrowed) =>
        new()
        {
            Id = "api_1",
            Identifier = "https://api.example.com",
            Scopes = ScopeSet.Of(["delete", "publish", "read", "settle", "write"]),
            NarrowedScopes = narrowed,
            AcceptedKinds = [CredentialKind.ApiKey, CredentialKind.AccessToken, CredentialKind.PersonalAccessToken],
            ObjectTypes = [],
            ObjectsInTokens = false,
            AccessTokenLifetime = TimeSpan.FromMinutes(5),
            ResourceServers = [],
        };
}
