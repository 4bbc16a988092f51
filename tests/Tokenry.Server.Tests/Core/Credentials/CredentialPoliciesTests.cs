using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Tests.Core.Credentials;

/// <summary>Of two policies the stricter rule decides, rule by rule, and a refusal says whose it is.</summary>
public sealed class CredentialPoliciesTests
{
    private const string Organization = "org_0000000000000000000001";

    private static readonly DateTimeOffset Now = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_each_rule_the_stricter_one_counts_with_its_owner()
    {
        var effective = Both(
                new()
                {
                    MaxLifetimes = [new("api_key", 7200), new("client_secret", 3600)],
                    ForbiddenKinds = ["anonymous_api_key"],
                    MaxTokensPerUser = 5,
                    AllowedNetworks = ["10.0.0.0/8", "192.0.2.0/24"],
                },
                new()
                {
                    MaxLifetimes = [new("api_key", 3600), new("client_secret", 7200)],
                    ExpiryRequired = ["certificate"],
                    MaxTokensPerUser = 3,
                    AllowedNetworks = ["10.1.0.0/16", "192.0.0.0/16", "2001:db8::/32"],
                }
            )
            .Effective();
        Assert.Equal(
            new EffectiveLifetime[] { new("api_key", 3600, Organization), new("client_secret", 3600, "server") },
            effective.MaxLifetimes.OrderBy(life => life.Kind, StringComparer.Ordinal)
        );
        Assert.Equal(new EffectiveKind[] { new("anonymous_api_key", "server") }, effective.ForbiddenKinds);
        Assert.Equal(new EffectiveKind[] { new("certificate", Organization) }, effective.ExpiryRequired);
        Assert.Equal(new EffectiveLimit(3, Organization), effective.MaxTokensPerUser);
        Assert.Equal(
            new EffectiveNetwork[] { new("192.0.2.0/24", "server"), new("10.1.0.0/16", Organization) },
            effective.AllowedNetworks!
        );
    }

    [Fact]
    public void Networks_that_have_nothing_in_common_allow_nothing()
    {
        var both = Both(new() { AllowedNetworks = ["10.0.0.0/8"] }, new() { AllowedNetworks = ["192.0.2.0/24"] });
        Assert.Empty(both.Effective().AllowedNetworks!);
        foreach (var range in new[] { "10.0.0.1", "192.0.2.1", "0.0.0.0/0" })
        {
            Assert.Equal("allowed_networks", Assert.Single(both.Breaks(new("api_key", null, [range]), Now)).Rule);
        }
    }

    [Theory]
    [InlineData(new[] { "10.0.0.0/8" }, true)]
    [InlineData(new[] { "10.2.3.4", "10.0.0.0/9" }, true)]
    [InlineData(new[] { "10.2.3.4", "11.0.0.0/9" }, false)]
    [InlineData(new[] { "0.0.0.0/0" }, false)]
    [InlineData(new[] { "::/0" }, false)]
    [InlineData(null, false)]
    public void The_networks_of_a_credential_lie_within_those_of_the_policy(string[]? ranges, bool isAllowed)
    {
        var policies = new CredentialPolicies([new("server", new() { AllowedNetworks = ["10.0.0.0/8"] })]);
        Assert.Equal(isAllowed, !policies.Breaks(new("api_key", null, ranges), Now).Any());
    }

    [Fact]
    public void A_refusal_names_the_strictest_latest_end_and_whose_rule_it_is()
    {
        var both = Both(new() { MaxLifetimes = [new("api_key", 60)] }, new() { MaxLifetimes = [new("api_key", 7200)] });
        Assert.Equal(Now.AddSeconds(60), both.Latest("api_key", Now));
        Assert.Null(both.Latest("client_secret", Now));
        both.Require(new("api_key", Now.AddSeconds(60), null), Now);
        foreach (var end in new DateTimeOffset?[] { null, Now.AddSeconds(61) })
        {
            var refused = Assert.Throws<ProblemException>(() => both.Require(new("api_key", end, null), Now));
            Assert.Equal((422, "policy_violation"), (refused.Status, refused.Code));
            Assert.Equal(
                ("max_lifetimes", "server", Now.AddSeconds(60)),
                (refused.Policy!.Rule, refused.Policy.Owner, refused.Policy.LatestExpiresAt)
            );
            Assert.Contains("2099-01-01T00:01:00Z", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Only_the_rules_that_an_operation_touches_bind_it()
    {
        var all = Both(
            new() { ForbiddenKinds = ["api_key"], AllowedNetworks = ["10.0.0.0/8"] },
            new() { MaxLifetimes = [new("api_key", 60)] }
        );
        var broken = new JudgedCredential("api_key", null, null);
        Assert.Equal(["forbidden_kinds", "max_lifetimes", "allowed_networks"], all.Breaks(broken, Now).Select(rule => rule.Rule));
        Assert.Equal("max_lifetimes", Assert.Single(all.Breaks(broken, Now, BindingRules.Expiry)).Rule);
        Assert.Equal("allowed_networks", Assert.Single(all.Breaks(broken, Now, BindingRules.Networks)).Rule);
        Assert.Equal("forbidden_kinds", Assert.Single(all.Breaks(broken, Now, BindingRules.Kind)).Rule);
        Assert.Empty(all.Breaks(broken, Now, BindingRules.None));
        Assert.Empty(CredentialPolicies.None.Breaks(broken, Now));
    }

    private static CredentialPolicies Both(PolicyRules server, PolicyRules organization) =>
        new([new("server", server), new(Organization, organization)]);
}
