namespace Tokenry.Protocol.Api;

/// <summary>Scopes at one API resource: the one form in which rights are written, in roles, credentials and answers.</summary>
/// <param name="Api">The API resource's identifier, or <c>urn:tokenry:management</c>.</param>
/// <param name="Scopes">Names of scopes that this API defines.</param>
public sealed record Permission(string Api, IReadOnlyList<string> Scopes);
