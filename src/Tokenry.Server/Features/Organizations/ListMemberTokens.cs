using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary>
/// Lists the personal access tokens of members that name the organization among others. Tokens made for the organization alone are in the ordinary lists.
/// </summary>
public sealed class ListMemberTokens(Gate gate, TimeProvider time)
{
    public Task<Page<MemberToken>> RunAsync(Caller caller, string id, Listing listing) =>
        gate.ReadManyAsync(
            caller,
            CredentialFamily.PersonalAccessTokens.Read with
            {
                OwnScope = null,
            },
            "organization.tokens_listed",
            async read =>
            {
                await OrganizationStore.FindAsync(read.Connection, id, read.Reach);
                var after = listing.IdCursor("pat");
                var rows = await read.Connection.QueryAsync<CredentialRow>(
                    $"{CredentialRow.Select} WHERE c.id IN ({CredentialStore.Naming("@id", "@mark")}) AND c.state <> 'revoked'"
                        + $"{(after is null ? "" : " AND c.id > @after")} ORDER BY c.id LIMIT @limit",
                    new
                    {
                        id,
                        mark = StoredGrant.MarkOf(id),
                        after,
                        limit = listing.Limit + 1,
                    }
                );
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                return listing.ToPage([.. rows], row => View(row, id, read.Catalog, now), row => row.Id);
            }
        );

    private static MemberToken View(CredentialRow row, string organization, Catalog catalog, long now) =>
        new()
        {
            Id = row.Id,
            Masked = row.Masked,
            UserId = row.OwnerId,
            Permissions = GrantSet.Of(row.Permissions!).In(organization).ToPermissions(catalog),
            Objects = row.Terms.Objects,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt),
            ExpiresAt = row.Expiry,
            State = row.StateAt(now),
        };
}
