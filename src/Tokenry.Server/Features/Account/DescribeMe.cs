using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;

namespace Tokenry.Server.Features.Account;

/// <summary>Describes the calling credential and what it may do now. Needs no scope: the holder may know what its credential is.</summary>
public sealed class DescribeMe(CatalogCache catalogs)
{
    public async Task<Me> RunAsync(Caller caller)
    {
        var catalog = await catalogs.GetAsync();
        var credential = caller.Credential;
        var presented = (credential as AuthenticatedCredential)?.Stored;
        var name = new PrincipalName(caller.Principal.Id, caller.Principal.Name);
        return new Me
        {
            Kind = presented?.Kind ?? CredentialKind.AccessToken,
            CredentialId = credential.CredentialId,
            Masked = presented?.Masked,
            Name = presented?.Name,
            Subject = presented is { IsAnonymous: true } ? null : caller.Principal.Id,
            Label = presented is null ? caller.Principal.Name : $"{caller.Principal.Name} · {presented.Name} ({presented.Masked})",
            User = caller.Principal.IsUser ? name : null,
            Application = caller.Principal.IsUser ? null : name,
            OrganizationId = credential.OrganizationId,
            Permissions = Rights.Everywhere(catalog, credential).ToPermissions(),
            ExpiresAt = credential.ExpiresAt,
        };
    }
}
