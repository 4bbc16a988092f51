using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Users;

/// <summary>Creates the first administrator when the store is empty. No route can do this: only configuration and the host's command line can.</summary>
public sealed class BootstrapAdministrator(
    SystemGate gate,
    Database database,
    Passwords passwords,
    TokenryOptions options,
    TimeProvider time
)
{
    /// <summary>
    /// Without a configured password the administrator has none, and sets one behind a link that the start prints. An operator who may run commands on the host
    /// gets another link with <c>admin sign-in</c>, and a token with <c>admin token</c>.
    /// </summary>
    public async Task RunAsync()
    {
        if (await PrincipalStore.FindBootstrapAsync(database) is not null)
        {
            return;
        }

        var hash = options.Bootstrap.AdminPassword is { } password ? await HashAsync(password) : null;
        var now = time.GetUtcNow();
        var id = PublicId.Create("usr", PublicId.NewUuid7(now));
        try
        {
            await gate.WriteAsync(
                "user.created",
                async (tx, entry) =>
                {
                    // First, so that if several replicas start together, one creates the administrator and the others create nothing.
                    await tx.ExecuteAsync(
                        "INSERT INTO store_properties (name, value) VALUES (@BootstrapProperty, @id)",
                        new { PrincipalStore.BootstrapProperty, id }
                    );
                    entry.TargetType = PrincipalType.User;
                    entry.TargetId = id;
                    var row = new PrincipalRow
                    {
                        Id = id,
                        Type = PrincipalType.User,
                        Name = "Administrator",
                        Email = options.Bootstrap.AdminEmail,
                        CreatedAt = now.ToUnixTimeMilliseconds(),
                    };
                    await PrincipalStore.InsertAsync(tx, row, hash, [ManagementApi.Administrator.Id]);
                    entry.Changes = AuditChanges.Made(row.ToUser([ManagementApi.Administrator.Id]));
                    return id;
                }
            );
        }
        catch (UniqueViolationException)
        {
            // Another replica created the administrator.
        }
    }

    /// <exception cref="StartupException">The rules for passwords refuse it.</exception>
    private async Task<string> HashAsync(string password)
    {
        try
        {
            return await passwords.HashAsync(password, options.Bootstrap.AdminEmail);
        }
        catch (ProblemException refused) when (refused.Errors?.GetValueOrDefault("password") is { } faults)
        {
            throw new StartupException($"Tokenry:Bootstrap:AdminPassword {string.Join(", and ", faults)}.");
        }
    }
}
