using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Tests.Contracts;

namespace Tokenry.Server.Tests.Core.Sessions;

/// <summary>People in a browser, as the operations behind pages see them.</summary>
internal static class SessionCallers
{
    /// <summary>The caller that a page would have.</summary>
    public static async Task<(Caller Caller, string UserId)> CallerAsync(InProcessServer server, string role)
    {
        var services = server.App.Services;
        var roles = await Actor.BuiltInRolesAsync(server.Admin);
        var user = await server.Admin.CreateUserAsync([roles[role].Id]);
        var browser = await server.Admin.BrowserOfAsync(user.Id);
        var judge = services.GetRequiredService<CallerJudge>();
        var judgedAt = judge.Now;
        var session = Assert.IsType<AuthenticatedSession>(
            await services.GetRequiredService<SessionScheme>().AuthenticateAsync(browser.Session!)
        );
        var (code, management) = AccessDecision.Decide(
            await judge.CatalogAsync(),
            session,
            Requirement.AtOwnApi(Possession.Bearer, IPAddress.Loopback)
        );
        Assert.Equal(VerificationCode.Valid, code);
        var request = RequestFacts.Begin(
            new DefaultHttpContext(),
            TimeProvider.System,
            services.GetRequiredService<TokenryOptions>(),
            services.GetRequiredService<Brands>()
        );
        var caller = new Caller
        {
            Credential = session,
            Principal = session.Owner,
            Management = management,
            Request = request,
            JudgedAt = judgedAt,
        };
        return (caller, user.Id);
    }
}
