using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// <c>admin sign-in</c>: a link with which the first administrator sets a password or a passkey, for an operator with access to the host. Its use also turns
/// off that administrator's second factor. The start of a server prints one
/// on a terminal while the administrator has neither password nor passkey.
/// </summary>
public sealed class IssueSignInLink(
    SystemGate gate,
    Database database,
    CatalogCache catalogs,
    ReviveAdministrator revive,
    SignInLinks links
)
{
    public static readonly CommandVerb Command = new(
        "admin sign-in",
        "Creates and prints a link with which the administrator sets a password or a passkey, once."
    )
    {
        Own = [new("revive", "Enables the administrator and gives the role back, or creates a new administrator.")],
    };

    /// <summary>How long the link works: the operator is in front of the screen.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    /// <param name="options">The command-line options.</param>
    /// <param name="user">The operating-system user who ran the command, for the audit log.</param>
    /// <exception cref="StartupException">The link would not work.</exception>
    public async Task<ControlAnswer> RunAsync(IReadOnlyDictionary<string, string> options, OperatingSystemUser user)
    {
        ArgumentNullException.ThrowIfNull(options);
        var revived = options.ContainsKey("revive") ? await revive.RunAsync(await catalogs.GetAsync(), user) : null;
        var administrator =
            await PrincipalStore.FindBootstrapAsync(database)
            ?? throw new StartupException("The store has no administrator yet. Start the server once; it creates one.");
        var link =
            await CreateAsync(administrator, $"by the operating-system user {user}", onlyFirst: false)
            ?? throw new StartupException(
                $"The administrator {administrator} is disabled or was deleted, so a link would not work. Run './run admin sign-in --revive' here: it "
                    + "enables the administrator or creates a new one, and records it in the audit log."
            );
        var words =
            $"Open the link in a browser before {TimestampConverter.Format(link.ExpiresAt)}. It works once, and the server does not show it again. "
            + "If the administrator has a second factor, the use of the link turns it off.";
        return new ControlAnswer(link.Url.Reveal(), revived is null ? words : $"{revived}\n{words}");
    }

    /// <summary>The link for the first sign-in; <c>null</c> if the administrator has a password or a passkey already, or is not there.</summary>
    public async Task<NewSignInLink?> AtStartAsync() =>
        await PrincipalStore.FindBootstrapAsync(database) is { } administrator
            ? await CreateAsync(administrator, "printed by the start of a server", onlyFirst: true)
            : null;

    private Task<NewSignInLink?> CreateAsync(string administrator, string reason, bool onlyFirst) =>
        database.WriteAsync(async tx =>
        {
            if (
                await SignInData.HoldAsync(tx, administrator) is not { Enabled: 1 } person
                || (onlyFirst && await LinkedAccountStore.WaysInAsync(tx, administrator) > 0)
            )
            {
                return null;
            }

            var entry = gate.Entry("sign_in_link.created");
            entry.TargetType = PrincipalType.User;
            entry.TargetId = administrator;
            entry.Reason = reason;
            tx.Record(entry);
            // Who may run commands on the host may read the key file, so a second factor would protect nothing here.
            return await links.CreateAsync(tx, administrator, Life, resetsSecondFactor: true);
        });
}
