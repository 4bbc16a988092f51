using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Policies;

/// <summary>
/// Names the live credentials that a proposed policy would not let anyone make or prolong as they are. It changes nothing. One call looks at a limited number of
/// credentials, so a page may be shorter than its limit, or empty, and still name the next one.
/// </summary>
public sealed class PreviewPolicy(Gate gate, TimeProvider time)
{
    /// <summary>The most credentials that one call looks at.</summary>
    private const int Most = 5000;

    private const int Step = 500;

    /// <param name="caller">The caller.</param>
    /// <param name="organizationId">The organization; <c>null</c> = the server, whose policy binds all.</param>
    /// <param name="proposed">The whole policy.</param>
    /// <param name="listing">Limit and cursor.</param>
    public Task<Page<PolicyBreach>> RunAsync(Caller caller, string? organizationId, PolicyRules proposed, Listing listing) =>
        gate.ReadManyAsync(
            caller,
            PoliciesApi.Write(organizationId),
            "policy.previewed",
            async read =>
            {
                if (organizationId is not null)
                {
                    await OrganizationStore.FindAsync(read.Connection, organizationId, read.Reach);
                }

                var owned = new OwnedRules(organizationId ?? PolicyStore.Server, CheckedRules.Of(proposed, read.Catalog));
                return await FindAsync(read, organizationId, owned, listing);
            }
        );

    private async Task<Page<PolicyBreach>> FindAsync(ReadContext read, string? organizationId, OwnedRules proposed, Listing listing)
    {
        var now = time.GetUtcNow();
        var policies = new CredentialPolicies([proposed]);
        var after = listing.IdCursor(CredentialFamily.IdPrefixes);
        var found = new List<PolicyBreach>();
        for (var looked = 0; looked < Most; looked += Step)
        {
            var rows = await PolicyStore.LiveAsync(read.Connection, organizationId, after, now.ToUnixTimeMilliseconds(), Step);
            foreach (var row in rows)
            {
                after = row.Id;
                var judged = row.Judged();
                PolicyViolation[] breaks = [.. policies.Breaks(judged, now), .. TooMany(row, proposed)];
                if (breaks.Length > 0)
                {
                    found.Add(Of(row, judged, breaks));
                }

                if (found.Count == listing.Limit)
                {
                    return new(found, after);
                }
            }

            if (rows.Count < Step)
            {
                return new(found, null);
            }
        }

        return new(found, after);
    }

    /// <summary>Those of a user that would not have been made if the rule had always been there: the newest.</summary>
    private static IEnumerable<PolicyViolation> TooMany(LiveCredential row, OwnedRules proposed) =>
        row.Kind == CredentialKind.PersonalAccessToken && proposed.Rules.MaxTokensPerUser is { } limit && row.Older >= limit
            ?
            [
                new()
                {
                    Rule = PolicyRule.MaxTokensPerUser,
                    Owner = proposed.Owner,
                    Limit = limit,
                },
            ]
            : [];

    private static PolicyBreach Of(LiveCredential row, JudgedCredential judged, IReadOnlyList<PolicyViolation> breaks) =>
        new()
        {
            Id = row.Id,
            Kind = row.Kind,
            Name = row.Name,
            Owner = new(row.OwnerType, row.OwnerId),
            OrganizationId = row.OrganizationId,
            ExpiresAt = judged.ExpiresAt,
            AllowedIps = judged.AllowedIps,
            Breaks = breaks,
        };
}
