namespace Tokenry.Protocol.Api;

/// <summary>
/// A role that a principal has on some objects only. It counts where a request names such an object (<c>POST /v1/verify</c>, forward-auth), and for a credential
/// that is limited to such objects. Elsewhere it gives nothing.
/// </summary>
/// <param name="Role">The id of a role.</param>
/// <param name="Objects">
/// Patterns like those of a credential: <c>base:app123</c> is one object, <c>workspace:*</c> all of its type; 1 to 100. An API at which the role has
/// permissions must declare each type.
/// </param>
public sealed record ObjectRole(string Role, IReadOnlyList<string> Objects);

/// <summary>The roles on objects of a principal, on the whole server or in one organization; also the body that replaces them.</summary>
/// <param name="Items">They; empty = none.</param>
public sealed record ObjectRoles(IReadOnlyList<ObjectRole> Items);
