using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Tests.Architecture;

namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>Every form of <c>WWW-Authenticate</c>, to the byte (RFC 6750 §3, RFC 7617 §2, RFC 9449 §7.1).</summary>
public sealed class ChallengeFormTests
{
    private const string Address = "https://auth.example.com/.well-known/oauth-protected-resource";

    public static TheoryData<string, Challenge> Forms =>
        new()
        {
            { "Bearer realm=\"tokenry\"", Challenge.Bearer },
            { "Basic realm=\"tokenry\", charset=\"UTF-8\"", Challenge.Basic },
            { "ApiKey realm=\"tokenry\"", Challenge.ApiKey },
            { "Signature realm=\"tokenry\"", Challenge.Signature },
            { "Bearer realm=\"tokenry\", Basic realm=\"tokenry\", charset=\"UTF-8\"", Challenge.BearerOrBasic },
            { "Bearer realm=\"tokenry\", error=\"invalid_request\"", Challenge.Bearer with { Error = ChallengeError.InvalidRequest } },
            {
                $"Bearer realm=\"tokenry\", scope=\"a b\", resource_metadata=\"{Address}\", DPoP algs=\"ES256 PS256 RS256\"",
                Challenge.Bearer with
                {
                    Scope = "a b",
                    Metadata = Address,
                    OffersDpop = true,
                }
            },
            {
                $"Bearer realm=\"tokenry\", error=\"invalid_token\", error_description=\"bound tokens only\", resource_metadata=\"{Address}\"",
                Challenge.Bearer with
                {
                    Error = ChallengeError.BoundOnly,
                    Metadata = Address,
                }
            },
            {
                $"Basic realm=\"tokenry\", charset=\"UTF-8\", error=\"insufficient_scope\", scope=\"a\", resource_metadata=\"{Address}\"",
                Challenge.Basic with
                {
                    Error = ChallengeError.InsufficientScope,
                    Scope = "a",
                    Metadata = Address,
                }
            },
            {
                "Bearer realm=\"tokenry\", error=\"insufficient_scope\", error_description=\"accepted credentials: api_key\", Basic realm=\"tokenry\", charset=\"UTF-8\"",
                Challenge.BearerOrBasic with
                {
                    Error = ChallengeError.AcceptedKinds("api_key"),
                }
            },
            {
                $"DPoP algs=\"ES256 PS256 RS256\", error=\"use_dpop_nonce\", Bearer realm=\"tokenry\", scope=\"a\", resource_metadata=\"{Address}\"",
                Challenge.Bearer with
                {
                    DpopError = ChallengeError.UseDpopNonce,
                    Scope = "a",
                    Metadata = Address,
                }
            },
            {
                "Bearer realm=\"tokenry\", error=\"invalid_token\", error_description=\"expired at 1970-01-01T00:00:00Z\"",
                Challenge.Bearer with
                {
                    Error = ChallengeError.ExpiredAt(DateTimeOffset.UnixEpoch),
                }
            },
        };

    [Theory]
    [MemberData(nameof(Forms), DisableDiscoveryEnumeration = true)]
    public void A_challenge_is_written_to_the_byte(string expected, Challenge challenge) => Assert.Equal(expected, challenge.ToString());

    [Theory]
    [InlineData("Bearer realm=\"tokenry\"", ApiCarriers.Bearer, ApiCarriers.XApiKey)]
    [InlineData("Bearer realm=\"tokenry\", Basic realm=\"tokenry\", charset=\"UTF-8\"", ApiCarriers.Bearer, ApiCarriers.Basic)]
    [InlineData("Basic realm=\"tokenry\", charset=\"UTF-8\"", ApiCarriers.Basic, ApiCarriers.Query)]
    [InlineData("ApiKey realm=\"tokenry\"", ApiCarriers.XApiKey, ApiCarriers.Query)]
    public void An_API_challenges_for_what_it_takes(string expected, params string[] carriers) =>
        Assert.Equal(expected, ApiCarriers.Of(carriers).Challenge.ToString());

    [Fact]
    public void Challenges_are_written_in_one_source_file() =>
        Assert.Equal(
            ["src/Tokenry.Server/Platform/Http/Challenge.cs"],
            SourceFiles
                .Of("src")
                .Where(file => file.Lines.Any(line => line.Contains("realm=", StringComparison.Ordinal)))
                .Select(file => file.Path)
        );
}
