using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;

namespace Tokenry.Server.Features.PersonalAccessTokens;

/// <summary>Creates a personal access token, for the user themselves or by a caller with <c>users.tokens:write</c> or <c>credentials:write</c>.</summary>
public sealed class CreatePersonalAccessToken(IdempotentGate gate, IssueCredential issue, ExpiryPolicy expiry, TimeProvider time)
{
    // An organization's administrator makes no tokens of members: they act as the member.
    private static readonly Demand Demand = CredentialFamily.PersonalAccessTokens.WriteOnlyThese with { OrganizationScope = null };

    private const string Kind = CredentialKind.PersonalAccessToken;

    public async Task<Credential> RunAsync(Caller caller, string userId, CredentialRequest request)
    {
        return await gate.WriteAsync(
            caller,
            Demand,
            "personal_access_token.created",
            async operation =>
            {
                var owner = await PrincipalOperations.FindOwnerAsync(operation, PrincipalAddress.User(userId), request.OrganizationId);
                var now = time.GetUtcNow();
                var draft = CredentialDraft.Of(request, Kind, expiry.Resolve(Kind, request.ExpiresAt, now));
                return await issue.RunAsync(
                    operation,
                    owner,
                    Kind,
                    owner.Id == operation.Caller.Principal.Id ? Inherit(operation, draft) : draft
                );
            }
        );
    }

    /// <summary>
    /// Fills in what the request of a user for themselves leaves out, from the calling credential: its effective scopes (except management
    /// scopes, which the request must name) and its objects. Its networks, limits and expiry bound every token that the user creates (<see
    /// cref="CredentialDraft.Within"/>).
    /// </summary>
    private static CredentialDraft Inherit(OperationContext operation, CredentialDraft draft)
    {
        var terms = draft.Terms with
        {
            Objects = draft.Terms.Objects ?? operation.Caller.Objects?.Select(pattern => pattern.ToString()).ToList(),
        };
        return draft with
        {
            Grants = draft.Permissions is null
                ? Rights.Snapshot(operation.Catalog, operation.Caller, terms.ObjectPatterns()).ToColumn()
                : null,
            Terms = terms,
        };
    }
}
