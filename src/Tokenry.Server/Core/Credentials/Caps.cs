using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>How many credentials and applications a principal may have (<c>Tokenry:Caps:*</c>). Checked inside the transaction that makes one more.</summary>
public sealed class Caps(TokenryOptions options)
{
    /// <summary>Refuses a credential above the cap. The owner's row is locked by then, so that two concurrent mutations cannot both find room.</summary>
    /// <param name="tx">The transaction, which already contains the new one.</param>
    /// <param name="owner">Its owner.</param>
    /// <param name="unrevoked">How many unrevoked credentials the owner has, including the new one.</param>
    /// <param name="now">Unix ms.</param>
    /// <exception cref="ProblemException">409 <c>limit_reached</c>.</exception>
    public async Task CheckCredentialsAsync(WriteTransaction tx, PrincipalFacts owner, long unrevoked, long now)
    {
        var most = MostCredentials(owner.IsUser);
        // Expired credentials do not count, but only an owner above the cap needs the query that leaves them out.
        if (unrevoked > most && await CredentialCounts.LiveAsync(tx, owner.Id, now) > most)
        {
            throw TooManyCredentials(most);
        }
    }

    /// <summary>
    /// Refuses to renew an expired credential if this exceeds the cap. The owner's count is locked by then, so that two concurrent mutations cannot both find
    /// room.
    /// </summary>
    /// <param name="tx">The transaction, in which the credential is live again already.</param>
    /// <param name="ownerId">Its owner.</param>
    /// <param name="ownerType">One of <see cref="PrincipalType"/>.</param>
    /// <param name="now">Unix ms.</param>
    /// <exception cref="ProblemException">409 <c>limit_reached</c>.</exception>
    public async Task CheckRevivedAsync(WriteTransaction tx, string ownerId, string ownerType, long now)
    {
        var most = MostCredentials(ownerType == PrincipalType.User);
        if (await CredentialCounts.HoldAsync(tx, ownerId) > most && await CredentialCounts.LiveAsync(tx, ownerId, now) > most)
        {
            throw TooManyCredentials(most);
        }
    }

    private long MostCredentials(bool ofUser) => ofUser ? options.Caps.CredentialsPerUser : options.Caps.CredentialsPerApplication;

    private static ProblemException TooManyCredentials(long most) =>
        Reached($"The owner has {most} credentials, the most there may be. Revoke some first.", most);

    /// <summary>Refuses applications of a user above the cap. The user's row is locked, so that two concurrent mutations cannot both find room.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="ownerId">The user; <c>null</c> = an application that no user owns; their number is not limited.</param>
    /// <param name="more">How many are added to those the user has.</param>
    /// <exception cref="ProblemException">409 <c>limit_reached</c>.</exception>
    public async Task CheckApplicationsAsync(WriteTransaction tx, string? ownerId, long more = 1)
    {
        if (ownerId is null || more == 0)
        {
            return;
        }

        await tx.FirstOrDefaultAsync<string>(
            $"SELECT id FROM principals WHERE id = @ownerId{tx.Dialect.ForUpdate("principals")}",
            new { ownerId }
        );
        var most = options.Caps.ApplicationsPerOwner;
        var count = await tx.FirstOrDefaultAsync<long>(
            "SELECT count(*) FROM principals WHERE owner_id = @ownerId AND deleted_at IS NULL",
            new { ownerId }
        );
        if (count + more > most)
        {
            throw Reached(
                more == 1
                    ? $"The user owns {most} applications, the most there may be. Delete one first."
                    : $"The user would own {count + more} applications, and {most} is the most there may be.",
                most
            );
        }
    }

    public static ProblemException Reached(string detail, long limit) => new(409, ProblemCode.LimitReached, detail) { Limit = limit };
}
