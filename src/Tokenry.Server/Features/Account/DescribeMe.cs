using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;

namespace Tokenry.Server.Features.Account;

/// <summary>Who the calling credential is and what it may do now. Needs no scope: whoever holds a credential may know what it is.</summary>
public sealed class DescribeMe(CatalogCache catalogs)
{
    public async Task<Me> RunAsync(Caller caller)
    {
        var catalog = await catalogs.GetAsync();
        var credential = caller.Credential;
        var isAnonymous = credential.Kind == CredentialKind.AnonymousApiKey;
        var isOpaque = credential.Token is null;
        var name = new PrincipalName(caller.Principal.Id, caller.Principal.Name);
        return new Me
        {
            Kind = credential.Kind!,
            CredentialId = credential.CredentialId,
            Masked = isOpaque ? credential.Credential?.Masked : null,
            Name = isOpaque ? credential.Credential?.Name : null,
            Subject = isAnonymous ? null : caller.Principal.Id,
            Label = isOpaque
                ? $"{caller.Principal.Name} · {credential.Credential!.Name} ({credential.Credential.Masked})"
                : caller.Principal.Name,
            User = caller.Principal.IsUser ? name : null,
            Application = caller.Principal.IsUser ? null : name,
            OrganizationId = isOpaque ? credential.Credential?.OrganizationId : null,
            Permissions = Rights.Everywhere(catalog, credential).ToPermissions(),
            ExpiresAt = credential.ExpiresAt,
        };
    }
}
