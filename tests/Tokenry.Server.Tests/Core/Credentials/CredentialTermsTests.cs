using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Credentials;

namespace Tokenry.Server.Tests.Core.Credentials;

public sealed class CredentialTermsTests
{
    private static readonly CredentialTerms All = new()
    {
        Objects = ["repo:acme/*"],
        AllowedIps = ["10.0.0.0/8", "::1"],
        RateLimits =
        [
            new RateLimit
            {
                Name = "burst",
                Limit = 5,
                WindowSeconds = 60,
            },
            new RateLimit
            {
                Name = "d",
                Limit = 9,
                Period = "day",
            },
        ],
        RequestSigning = RequestSigning.Required,
        RotateEveryDays = 90,
        Metadata = JsonElement.Parse("""{"a":null}"""),
    };

    [Fact]
    public void All_terms_are_one_column_in_the_form_of_the_wire()
    {
        const string column =
            """{"objects":["repo:acme/*"],"allowed_ips":["10.0.0.0/8","::1"],"rate_limits":[{"name":"burst","limit":5,"window_seconds":60},{"name":"d","limit":9,"period":"day"}],"request_signing":"required","rotate_every_days":90,"metadata":{"a":null}}""";
        Assert.Equal(column, All.Write());
        Assert.Equal(column, CredentialTerms.Read(column).Write());
    }

    [Fact]
    public void No_terms_are_no_column_and_share_one_object()
    {
        Assert.Null(new CredentialTerms().Write());
        Assert.Same(CredentialTerms.None, CredentialTerms.Read(null));
        Assert.Same(TermFacts.None, TermFacts.Of(null));
    }

    /// <summary>Written anew, each of these letters would take six bytes: a PATCH of another member would find the notes too long.</summary>
    [Fact]
    public void Notes_stay_as_they_were_sent()
    {
        var notes = $$"""{ "a" : "{{new string('é', 2000)}}", "b": 1.50e3, "c": "\u00e9\/" }""";
        var terms = new CredentialTerms { Metadata = JsonElement.Parse(notes) };
        Assert.Equal(notes, CredentialTerms.Read(terms.Write()).Metadata!.Value.GetRawText());
    }

    [Fact]
    public void Facts_have_notes_only_where_there_are_some()
    {
        Assert.Equal("""{"a":null}""", TermFacts.Of(All.Write()).Metadata!.Value.GetRawText());
        Assert.Null(TermFacts.Of((All with { Metadata = null }).Write()).Metadata);
    }

    [Fact]
    public void A_patch_of_one_term_keeps_the_others()
    {
        var revised = All.Revised(new CredentialPatch { AllowedIps = new(null), RotateEveryDays = new(30) });
        Assert.Equal(All with { AllowedIps = null, RotateEveryDays = 30 }, revised with { Metadata = All.Metadata });
        Assert.True(CredentialTerms.AreBoundsIn(new CredentialPatch { AllowedIps = new(null) }));
        Assert.False(CredentialTerms.AreBoundsIn(new CredentialPatch { Name = new("x") }));
    }

    [Theory]
    [InlineData("10.1.0.0/16", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("11.0.0.0/8", false)]
    [InlineData("0.0.0.0/0", false)]
    [InlineData(null, false)]
    public void What_is_minted_works_from_no_more_networks(string? asked, bool isWithin)
    {
        var minted = new CredentialTerms { AllowedIps = asked is null ? null : [asked] };
        Assert.Equal(isWithin, TermFacts.Of(All.Write()).Exceeded(minted) is null);
        Assert.Null(TermFacts.None.Exceeded(minted));
    }
}
