using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Principals;

/// <summary>How many credentials and applications a principal may have (<c>Tokenry:Caps:*</c>). Asked inside the transaction that makes one more.</summary>
public sealed class Caps(TokenryOptions options)
{
    /// <summary>Refuses a credential that is one too many. The owner's row is locked by then, so that two at once do not both find room.</summary>
    /// <param name="tx">The transaction, in which the new one is there already.</param>
    /// <param name="owner">Whose it is.</param>
    /// <param name="unrevoked">How many the owner has that are not revoked, with the new one.</param>
    /// <param name="now">Unix ms.</param>
    /// <exception cref="ProblemException">409 <c>limit_reached</c>.</exception>
    public async Task CheckCredentialsAsync(WriteTransaction tx, PrincipalFacts owner, long unrevoked, long now)
    {
        var most = owner.IsUser ? options.Caps.CredentialsPerUser : options.Caps.CredentialsPerApplication;
        // Only who has very many needs a look at how many of them have expired.
        if (unrevoked > most && await CredentialCounts.LiveAsync(tx, owner.Id, now) > most)
        {
            throw Reached($"The owner has {most} credentials, the most there may be. Revoke some first.", most);
        }
    }

    /// <summary>Refuses one more application of a user. The user's row is locked, so that two at once do not both find room.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="ownerId">The user; <c>null</c> = an application that no user owns, of which there may be any number.</param>
    /// <exception cref="ProblemException">409 <c>limit_reached</c>.</exception>
    public async Task CheckApplicationsAsync(WriteTransaction tx, string? ownerId)
    {
        if (ownerId is null)
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
        if (count >= most)
        {
            throw Reached($"The user owns {most} applications, the most there may be. Delete one first.", most);
        }
    }

    public static ProblemException Reached(string detail, long limit) => new(409, ProblemCode.LimitReached, detail) { Limit = limit };
}
