using System.Net;
using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Usage;

/// <summary>The circumstances of a use: address, user agent and our request id.</summary>
public readonly record struct UseCircumstances(IPAddress? Address, string? Agent, string? RequestId)
{
    public static UseCircumstances Of(RequestFacts request) => new(request.Address, request.Agent, request.RequestId);
}

/// <summary>One decision about a presented credential, or one issued token: the source of every usage record.</summary>
public readonly record struct Use
{
    /// <summary>The result of an issued token; no verification returns it.</summary>
    public static readonly AuditReason Issued = new("issued");

    public required string Door { get; init; }

    /// <summary><see cref="AuditReason.Valid"/>, <see cref="Issued"/>, or why not.</summary>
    public required AuditReason Result { get; init; }

    /// <summary>What was presented.</summary>
    public required AuthenticationResult Credential { get; init; }

    /// <summary>The API to which the credential was presented.</summary>
    public ApiResourceFacts? Api { get; init; }

    /// <summary>The scopes that were needed, or the scopes that were issued.</summary>
    public ScopeSet? Scopes { get; init; }

    public string? Object { get; init; }

    public UseCircumstances From { get; init; }

    public string? Method { get; init; }

    public string? Path { get; init; }

    /// <summary>For an issued token: its id.</summary>
    public string? TokenId { get; init; }

    /// <summary>For a token exchange: the application that acts for the owner of the credential.</summary>
    public string? Actor { get; init; }

    /// <summary>For an issued token: the grant type.</summary>
    public string? GrantType { get; init; }

    /// <summary>For an issued token: the authentication method of the client.</summary>
    public string? AuthMethod { get; init; }

    /// <summary>For an issued token: <c>dpop</c>, <c>mtls</c>, or <c>null</c> if it is not bound.</summary>
    public string? BoundBy { get; init; }

    /// <summary>For an issued token: the used and the preferred authentication method of the client, if they differ.</summary>
    public string? SteppedDown { get; init; }

    public bool IsGood => Result == AuditReason.Valid || Result == Issued;

    /// <summary>Only scopes that the API defines are counted by name, because a caller can write any other name.</summary>
    public ScopeSet KnownScopes => Scopes is null || Api is null ? ScopeSet.Empty : Scopes.Intersect(Api.Scopes);
}
