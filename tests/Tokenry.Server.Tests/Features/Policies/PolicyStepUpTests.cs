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

    [Theory, BothEngines]
    public async Task A_form_that_a_policy_refuses_says_whose_rule_it_is(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var user = await server.Admin.CreateUserAsync([]);
        var browser = await server.Admin.BrowserOfAsync(user.Id);
        var token = await server.Admin.CreatePersonalAccessTokenAsync(user.Id);
        var hidden = await browser.HiddenAsync("/account/tokens/new", "account/tokens/new");
        await server.Admin.SetPolicyAsync(null, new { forbidden_kinds = new[] { "personal_access_token" } }).Expect(200);
        foreach (var path in new[] { "/account/tokens/new", $"/account/tokens/{token.Id}/roll" })
        {
            var refused = await browser.PostAsync(path, [.. hidden, ("name", "ci"), ("expires", "30"), ("overlap", "60")]);
            Assert.Contains("The policy of the server says (forbidden_kinds)", refused.Expect(422).Body, StringComparison.Ordinal);
        }

        await server.Admin.With(token.Secret).GetAsync("/v1/me").Expect(200);
    }

    /// <summary>The form ended on the page of errors, and what was typed was lost.</summary>
    [Theory, BothEngines]
    public async Task The_form_for_a_client_secret_keeps_what_was_typed_when_a_policy_refuses(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var user = await server.Admin.CreateUserAsync([Core.Access.ManagementCalls.Administrator]);
        var browser = await server.Admin.BrowserOfAsync(user.Id);
        var application = await server.Admin.CreateApplicationAsync([]);
        var path = $"/applications/{application.Id}/secrets/new";
        var hidden = await browser.HiddenAsync(path, path[1..]);
        await server.Admin.SetPolicyAsync(null, new { forbidden_kinds = new[] { "client_secret" } }).Expect(200);
        var refused = (await browser.PostAsync(path, [.. hidden, ("name", "kept for me"), ("expires", "30")])).Expect(422);
        Assert.Contains("The policy of the server says (forbidden_kinds)", refused.Body, StringComparison.Ordinal);
        Assert.Contains("value=\"kept for me\"", refused.Body, StringComparison.Ordinal);
    }
}
