using Tokenry.Server.Composition.Demo;
using Tokenry.Server.Core.KeyCare;
using Tokenry.Server.Features.AuditLog;
using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.SignIn;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Composition;

/// <summary>A verb of <c>admin</c> and its handler, for this process or for the running server.</summary>
internal sealed record AdminVerb(
    CommandVerb Command,
    Func<IServiceProvider, Func<IReadOnlyDictionary<string, string>, OperatingSystemUser, Task<ControlAnswer>>> Operation
)
{
    /// <summary>Whether it creates a store if the configured data directory has none. The other verbs need an existing store.</summary>
    public bool MakesStore { get; init; }

    /// <summary>Refuses options that do not fit, before a store is opened; throws <see cref="StartupException"/>.</summary>
    public Action<IReadOnlyDictionary<string, string>> Check { get; init; } = _ => { };

    /// <summary>
    /// Carries the verb out in this process with a server of its own, on a store that no other server uses; <c>null</c> = the handler does, in the process
    /// that has the store open.
    /// </summary>
    public Func<IConfiguration, IReadOnlyDictionary<string, string>, Task<ControlAnswer>>? Alone { get; init; }

    public static readonly IReadOnlyList<AdminVerb> All =
    [
        new(IssueAdminToken.Command, services => services.GetRequiredService<IssueAdminToken>().RunAsync)
        {
            MakesStore = true,
            Check = IssueAdminToken.Check,
        },
        new(IssueSignInLink.Command, services => services.GetRequiredService<IssueSignInLink>().RunAsync),
        new(RotateKeysCommand.Command, services => (options, _) => services.GetRequiredService<RotateKeysCommand>().RunAsync(options)),
        new(VerifyAudit.Command, services => (options, _) => services.GetRequiredService<VerifyAudit>().RunAsync(options)),
        new(FillDemo.Command, _ => (_, _) => Task.FromResult(FillDemo.InUse)) { Alone = FillDemo.RunAsync, Check = FillDemo.Check },
    ];

    public static readonly IReadOnlyList<CommandVerb> Commands = [.. All.Select(verb => verb.Command)];
}
