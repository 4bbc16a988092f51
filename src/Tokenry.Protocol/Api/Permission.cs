namespace Tokenry.Protocol.Api;

/// <summary>Scopes at one API resource. Roles, credentials and answers all write rights in this form.</summary>
/// <param name="Api">The API resource's identifier, or <c>urn:tokenry:management</c>.</param>
/// <param name="Scopes">Names of scopes that this API defines.</param>
public sealed record Permission(string Api, IReadOnlyList<string> Scopes);

/// <summary>What a personal access token may do in one of several organizations.</summary>
/// <param name="Id">The organization, <c>org_…</c>; the owner of the token is a member.</param>
/// <param name="Permissions">The upper limit of what the token may do there; at least one API.</param>
public sealed record OrganizationPermissions(string Id, IReadOnlyList<Permission> Permissions);
