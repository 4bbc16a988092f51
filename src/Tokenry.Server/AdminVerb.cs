using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server;

/// <summary>A verb of <c>admin</c> with what carries it out; in this process or in the running server.</summary>
internal sealed record AdminVerb(
    CommandVerb Command,
    Func<IServiceProvider, Func<IReadOnlyDictionary<string, string>, OperatingSystemUser, Task<ControlAnswer>>> Operation
)
{
    /// <summary>Whether it is about a store that is there; otherwise a new one is made.</summary>
    public bool NeedsStore { get; init; }

    public static readonly IReadOnlyList<AdminVerb> All =
    [
        new(IssueAdminToken.Command, services => services.GetRequiredService<IssueAdminToken>().RunAsync),
        new(RotateKeys.Command, services => (options, _) => services.GetRequiredService<RotateKeys>().RunAsync(options)),
        new(VerifyAudit.Command, services => (options, _) => services.GetRequiredService<VerifyAudit>().RunAsync(options))
        {
            NeedsStore = true,
        },
    ];

    public static readonly IReadOnlyList<CommandVerb> Commands = [.. All.Select(verb => verb.Command)];
}
