namespace Tokenry.Protocol.Api;

/// <summary>Scopes at one API resource. Roles, credentials and answers all write rights in this form.</summary>
/// <param name="Api">The API resource's identifier, or <c>urn:tokenry:management</c>.</param>
/// <param name="Scopes">Names of scopes that this API defines.</param>
public sealed record Permission(string Api, IReadOnlyList<string> Scopes);
