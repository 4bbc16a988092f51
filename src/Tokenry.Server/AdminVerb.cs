using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server;

/// <summary>A verb of <c>admin</c> with what carries it out; in this process or in the running server.</summary>
internal sealed record AdminVerb(
    CommandVerb Command,
    Func<IServiceProvider, Func<IReadOnlyDictionary<string, string>, Task<ControlAnswer>>> Operation
)
{
    public static readonly IReadOnlyList<AdminVerb> All =
    [
        new(IssueAdminToken.Command, services => services.GetRequiredService<IssueAdminToken>().RunAsync),
        new(RotateKeys.Command, services => services.GetRequiredService<RotateKeys>().RunAsync),
    ];

    public static readonly IReadOnlyList<CommandVerb> Commands = [.. All.Select(verb => verb.Command)];
}
