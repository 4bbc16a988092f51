using System.Net;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Features.Verification;

/// <summary>Is this credential good for that? Asked by whoever may: <c>verify</c> for any API, a resource server for its own.</summary>
public sealed class VerifyCredential(Gate gate, Authenticator authenticator, CatalogCache catalogs, LastUsed lastUsed)
{
    private const int LongestToken = 8192;

    /// <returns>The answer, or <c>null</c> in its place with the code where the credential is refused.</returns>
    public async ValueTask<(string Code, VerifyAnswer? Answer)> RunAsync(Caller caller, VerifyRequest request)
    {
        var catalog = await catalogs.GetAsync();
        var (requirement, address) = await RequirementAsync(caller, catalog, request);
        var authenticated =
            request.Token.Length > LongestToken
                ? Authenticated.Failed(VerificationCode.Malformed)
                : await authenticator.AuthenticateAsync(request.Token);
        if (!authenticated.IsGood)
        {
            return (authenticated.Code, null);
        }

        var (code, scopes) = AccessDecision.Decide(catalog, authenticated, requirement);
        if (code != VerificationCode.Valid)
        {
            return (code, null);
        }

        lastUsed.Record(authenticated.CredentialId!, address?.ToString(), agent: null);
        return (code, Answer(catalog, authenticated, requirement, scopes));
    }

    private async ValueTask<(Requirement Requirement, IPAddress? Address)> RequirementAsync(
        Caller caller,
        Catalog catalog,
        VerifyRequest request
    )
    {
        var check = new Validation();
        IPAddress? address = null;
        check.Require(request.Ip is null || IPAddress.TryParse(request.Ip, out address), "ip", "is not an IP address");
        check.Require(request.Object is null || ObjectPattern.IsValidObject(request.Object), "object", "is not type:id");
        check.Require(
            request.Scopes is null || request.Scopes.All(scope => ScopeName.IsValid(scope)),
            "scopes",
            "holds something that is no scope"
        );
        check.Require(request.Scopes is not { Count: > 100 }, "scopes", "more than 100");
        var api = await ApiAsync(caller, catalog, request, check);
        check.ThrowIfAny();
        return (
            new Requirement
            {
                Api = api is null ? null : catalog.Resource(api),
                ApiIsUnknown = api is not null && catalog.Resource(api) is null,
                Scopes = request.Scopes is { Count: > 0 } scopes ? ScopeSet.Of(scopes) : ScopeSet.Empty,
                Object = request.Object,
                Address = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address,
            },
            address
        );
    }

    /// <summary>The API that is asked about; of a resource server, one of its own.</summary>
    private async ValueTask<string?> ApiAsync(Caller caller, Catalog catalog, VerifyRequest request, Validation check)
    {
        if (caller.Management.Contains(ManagementApi.Verify))
        {
            var needsApi = request.Api is null && (request.Scopes is { Count: > 0 } || request.Object is not null);
            if (needsApi && ResourceServerOf(caller, catalog) is [var only])
            {
                return only;
            }

            check.Require(!needsApi, "api", "is needed with scopes or object");
            return request.Api;
        }

        var own = ResourceServerOf(caller, catalog);
        if (request.Api is { } asked && own.Contains(asked, StringComparer.Ordinal))
        {
            return asked;
        }

        if (own.Count == 0 || request.Api is not null)
        {
            // Refused, and audited as every management denial is.
            await gate.AuthorizeAsync(caller, new Demand(ManagementApi.Verify), "credential.verified");
        }

        check.Require(own.Count == 1, "api", "is needed: this application serves several APIs");
        return own.Count == 1 ? own[0] : null;
    }

    private static List<string> ResourceServerOf(Caller caller, Catalog catalog) =>
        caller.Principal.IsUser || caller.Credential.Kind == CredentialKind.AnonymousApiKey
            ? []
            : [.. catalog.Resources.Where(api => api.ResourceServers.Contains(caller.Principal.Id)).Select(api => api.Identifier)];

    private static VerifyAnswer Answer(Catalog catalog, Authenticated authenticated, in Requirement requirement, ScopeSet scopes)
    {
        var credential = authenticated.Credential!;
        var owner = authenticated.Owner!;
        var isToken = authenticated.Token is not null;
        return new VerifyAnswer
        {
            Valid = true,
            Code = VerificationCode.Valid,
            Kind = authenticated.Kind,
            CredentialId = authenticated.CredentialId,
            Subject =
                isToken ? authenticated.Token!.Subject
                : credential.IsAnonymous ? null
                : owner.Id,
            ApplicationId = owner.IsUser ? null : owner.Id,
            OrganizationId = isToken ? null : credential.OrganizationId,
            Scopes = requirement.Api is null ? null : [.. scopes],
            Permissions = requirement.Api is null ? Rights.Everywhere(catalog, owner, authenticated.Permissions).ToPermissions() : null,
            Objects = isToken ? authenticated.Token!.Objects : credential.ObjectTexts,
            ExpiresAt = authenticated.ExpiresAt,
            Metadata = isToken ? null : credential.Metadata,
        };
    }
}
