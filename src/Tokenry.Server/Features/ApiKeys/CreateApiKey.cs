using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;

namespace Tokenry.Server.Features.ApiKeys;

/// <summary>Creates an API key or an anonymous API key of an application.</summary>
public sealed class CreateApiKey(IdempotentGate gate, IssueCredential issue, ExpiryPolicy expiry, TimeProvider time)
{
    public async Task<Credential> RunAsync(Caller caller, string applicationId, CredentialRequest request)
    {
        var kind = request.Anonymous == true ? CredentialKind.AnonymousApiKey : CredentialKind.ApiKey;
        return await gate.WriteAsync(
            caller,
            CredentialFamily.ApiKeys.Write,
            "api_key.created",
            async operation =>
            {
                var owner = await PrincipalOperations.FindOwnerAsync(
                    operation,
                    PrincipalAddress.Application(applicationId),
                    request.OrganizationId
                );
                var draft = CredentialDraft.Of(request, kind, expiry.Resolve(kind, request.ExpiresAt, time.GetUtcNow()));
                return await issue.RunAsync(operation, owner, kind, draft);
            }
        );
    }
}
