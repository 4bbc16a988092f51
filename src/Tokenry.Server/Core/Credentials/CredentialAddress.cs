using System.Data.Common;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>Which credential a route names: an id of a family, optionally below an owner (<c>/v1/applications/{owner}/api-keys/{id}</c>).</summary>
public sealed record CredentialAddress(CredentialFamily Family, string Id, string? OwnerId = null)
{
    public async Task<CredentialRow> FindAsync(WriteTransaction tx, Reach reach) =>
        InReach(IsWellFormed ? await CredentialStore.FindAsync(tx, Id) : null, reach);

    public async Task<CredentialRow> FindAsync(DbConnection connection, Reach reach) =>
        InReach(IsWellFormed ? await CredentialStore.FindAsync(connection, Id) : null, reach);

    private bool IsWellFormed => PublicId.IsWellFormed(Id, Family.IdPrefix);

    /// <summary>Answers the same 404 for another kind, another owner and an unknown credential.</summary>
    private CredentialRow InReach(CredentialRow? row, Reach reach) =>
        row is not null
        && Family.Kinds.Contains(row.Kind)
        && (OwnerId is null || row.OwnerId == OwnerId)
        && reach.Includes((row.OwnerId, row.OwnerOwnerId, row.TopOwnerId), row.OrganizationId)
            ? row
            : throw ProblemException.NotFound();
}
