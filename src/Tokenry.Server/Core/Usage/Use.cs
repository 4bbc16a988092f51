using System.Net;
using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Usage;

/// <summary>From where, by what, and in which request of ours.</summary>
public readonly record struct UseCircumstances(IPAddress? Address, string? Agent, string? RequestId)
{
    public static UseCircumstances Of(RequestFacts request) => new(request.Address, request.Agent, request.RequestId);
}

/// <summary>One decision about a presented credential, or one issued token: what every record of it is made from.</summary>
public readonly record struct Use
{
    /// <summary>The result of an issued token, which is no answer of a verification.</summary>
    public static readonly AuditReason Issued = new("issued");

    public required string Door { get; init; }

    /// <summary><see cref="AuditReason.Valid"/>, <see cref="Issued"/>, or why not.</summary>
    public required AuditReason Result { get; init; }

    /// <summary>What was presented.</summary>
    public required AuthenticationResult Credential { get; init; }

    /// <summary>The API it was presented to.</summary>
    public ApiResourceFacts? Api { get; init; }

    /// <summary>The scopes that were needed, or that were issued.</summary>
    public ScopeSet? Scopes { get; init; }

    public string? Object { get; init; }

    public UseCircumstances From { get; init; }

    public string? Method { get; init; }

    public string? Path { get; init; }

    /// <summary>Of an issued token.</summary>
    public string? TokenId { get; init; }

    /// <summary>Of an exchange: the application that acts for the credential's owner.</summary>
    public string? Actor { get; init; }

    /// <summary>Of an issued token: the grant.</summary>
    public string? GrantType { get; init; }

    /// <summary>Of an issued token: how its client authenticated.</summary>
    public string? AuthMethod { get; init; }

    /// <summary>Of an issued token: <c>dpop</c>, <c>mtls</c>, or <c>null</c> where it is bound to nothing.</summary>
    public string? BoundBy { get; init; }

    /// <summary>Of an issued token: which way its client used and which it prefers, where these differ.</summary>
    public string? SteppedDown { get; init; }

    public bool IsGood => Result == AuditReason.Valid || Result == Issued;

    /// <summary>Only scopes that the API defines are counted by name: others are whatever a caller wrote.</summary>
    public ScopeSet KnownScopes => Scopes is null || Api is null ? ScopeSet.Empty : Scopes.Intersect(Api.Scopes);
}
