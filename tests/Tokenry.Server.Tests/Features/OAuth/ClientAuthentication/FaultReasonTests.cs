using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Features.OAuth.ClientAuthentication;

namespace Tokenry.Server.Tests.Features.OAuth.ClientAuthentication;

public sealed class FaultReasonTests
{
    [Fact]
    public void Each_fault_has_a_word_that_the_records_can_be_searched_by()
    {
        var assertions = Enum.GetValues<ClientAssertionFault>().Except([ClientAssertionFault.None, ClientAssertionFault.InvalidClaims]);
        Assert.All(assertions, fault => Assert.Contains(FaultReason.Of("assertion", fault), UseCodes.All));
        var federated = Enum.GetValues<FederatedTokenFault>().Except([FederatedTokenFault.None, FederatedTokenFault.WrongIssuer]);
        Assert.All(federated, fault => Assert.Contains(FaultReason.Of("federated", fault), UseCodes.All));
        Assert.Equal("assertion_too_long_lived", FaultReason.Of("assertion", ClientAssertionFault.TooLongLived));
        Assert.Equal("malformed", FaultReason.Of("federated", FederatedTokenFault.Malformed));
    }
}
