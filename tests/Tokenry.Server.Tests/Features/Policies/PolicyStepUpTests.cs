using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tokenry.Protocol.Api;
using Tokenry.Server.Features.Policies;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Core.Sessions;

namespace Tokenry.Server.Tests.Features.Policies;

/// <summary>A page calls the same operation with a session: it needs a fresh proof.</summary>
public sealed class PolicyStepUpTests
{
    [Theory, BothEngines]
    public async Task A_person_proves_again_who_they_are_before_a_policy_changes(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var (caller, _) = await SessionCallers.CallerAsync(server, "administrator");
        var revise = server.App.Services.GetRequiredService<RevisePolicy>();
        var patch = new PolicyPatch { MaxTokensPerUser = new(9) };
        Assert.Equal(9, (await revise.RunAsync(caller, null, patch)).MaxTokensPerUser);
        await server.Database.WriteAsync(tx =>
        {
            tx.Changed("session", caller.CredentialId!);
            return tx.ExecuteAsync("UPDATE sessions SET authenticated_at = authenticated_at - 600000");
        });
        var refused = await Assert.ThrowsAsync<ProblemException>(() => revise.RunAsync(caller, null, patch));
        Assert.Equal((StatusCodes.Status403Forbidden, ProblemCode.FreshAuthenticationRequired), (refused.Status, refused.Code));
    }
}
