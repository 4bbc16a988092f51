using System.Security.Cryptography;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.Users;

/// <summary>The first administrator, made when the store is empty. There is no route for it: only configuration and the host's command line.</summary>
public sealed class BootstrapAdministrator(
    SystemGate gate,
    Database database,
    Passwords passwords,
    TokenryOptions options,
    TimeProvider time
)
{
    /// <returns>The password that was generated, where one was.</returns>
    public async Task<string?> RunAsync()
    {
        if (await PrincipalStore.FindBootstrapAsync(database) is not null)
        {
            return null;
        }

        var generated = options.AdminPassword is null ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12)) : null;
        var hash = await passwords.HashAsync(options.AdminPassword ?? generated!);
        var now = time.GetUtcNow();
        var id = PublicId.Create("usr", PublicId.NewUuid7(now));
        try
        {
            await gate.WriteAsync(
                "user.created",
                async (tx, entry) =>
                {
                    // First, so that of replicas that start together one wins and the others make nothing.
                    await tx.ExecuteAsync(
                        "INSERT INTO store_properties (name, value) VALUES (@BootstrapProperty, @id)",
                        new { PrincipalStore.BootstrapProperty, id }
                    );
                    entry.TargetType = PrincipalType.User;
                    entry.TargetId = id;
                    await PrincipalStore.InsertAsync(
                        tx,
                        new PrincipalRow
                        {
                            Id = id,
                            Type = PrincipalType.User,
                            Name = "Administrator",
                            Email = options.AdminEmail,
                            CreatedAt = now.ToUnixTimeMilliseconds(),
                        },
                        hash,
                        [ManagementApi.Administrator.Id]
                    );
                    return id;
                }
            );
        }
        catch (UniqueViolationException)
        {
            return null;
        }

        return generated;
    }
}
