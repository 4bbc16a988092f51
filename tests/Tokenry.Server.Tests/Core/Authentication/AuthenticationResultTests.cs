using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Tests.Core.Authentication;

/// <summary>The result of authentication is one of a closed list, and a failure names to the records what it does not tell the caller.</summary>
public sealed class AuthenticationResultTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(1);

    private static readonly PrincipalFacts Owner = new()
    {
        Id = "app_1",
        Type = PrincipalType.Application,
        Name = "Billing",
        Active = true,
        RoleIds = [],
    };

    [Fact]
    public void No_result_exists_but_these()
    {
        var results = typeof(AuthenticationResult)
            .Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(AuthenticationResult)) && !type.IsAbstract)
            .ToList();
        Assert.Equal(
            [
                nameof(AuthenticatedCredential),
                nameof(AuthenticatedSession),
                nameof(AuthenticatedToken),
                nameof(AuthenticationFailure),
                nameof(NamedApplication),
                nameof(NotRequested),
            ],
            results.Select(type => type.Name).Order(StringComparer.Ordinal)
        );
        Assert.All(results, type => Assert.True(type.IsSealed));
        Assert.All(results, type => Assert.Empty(type.GetConstructors())); // no public one: each is made where it is judged
    }

    [Theory]
    [InlineData(VerificationCode.Malformed)]
    [InlineData(VerificationCode.Unknown)]
    [InlineData(VerificationCode.ProofInvalid)]
    public void What_anybody_can_send_allocates_no_failure(string code) =>
        Assert.Same(AuthenticationFailure.Of(code), AuthenticationFailure.Of(code));

    [Fact]
    public void A_reason_for_the_records_is_no_public_code()
    {
        var failure = AuthenticationFailure.Of(new AuditReason("assertion_bad_signature"));
        Assert.Equal(("unknown", "assertion_bad_signature"), (failure.Code, failure.Reason.Name));
        Assert.Contains(failure.Code, VerificationCode.All);
    }

    [Fact]
    public void A_proved_credential_that_is_not_good_is_named_to_the_records()
    {
        var result = AuthenticatedCredential.Judge(Key(revoked: true), Owner, Now);
        Assert.False(result.IsGood);
        Assert.Equal(("revoked", "api_key", "key_1", "app_1"), (result.Code, result.Kind, result.CredentialId, result.OwnerId));
    }

    [Fact]
    public void A_proof_that_ends_before_its_credential_ends_the_result()
    {
        var proof = new CredentialProof { Until = Now.AddMinutes(5) };
        var result = Assert.IsType<AuthenticatedCredential>(AuthenticatedCredential.Judge(Key(revoked: false), Owner, Now, proof));
        Assert.Equal(Now.AddMinutes(5), result.ExpiresAt);
        Assert.True(result.Again(Key(revoked: false), Owner, Now.AddMinutes(4)).IsGood);
        Assert.Equal("unknown", result.Again(Key(revoked: false), Owner, Now.AddMinutes(5)).Code);
        Assert.Equal("owner_disabled", result.Again(Key(revoked: false), owner: null, Now).Code);
    }

    private static CredentialFacts Key(bool revoked) =>
        new()
        {
            Id = "key_1",
            Kind = CredentialKind.ApiKey,
            Name = "ci",
            Masked = "x",
            OwnerId = "app_1",
            CreatedAt = DateTimeOffset.UnixEpoch,
            Secrets = [],
            Revoked = revoked,
        };
}
