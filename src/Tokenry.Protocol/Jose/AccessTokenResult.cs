using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Jose;

/// <summary>The result of <see cref="AccessTokenValidator"/>: a valid token, or one fault. Only the validator creates it.</summary>
public sealed class AccessTokenResult
{
    private AccessTokenResult(AccessTokenFault fault, AccessToken? token)
    {
        Fault = fault;
        Token = token;
    }

    /// <summary>The first fault, or <see cref="AccessTokenFault.None"/>.</summary>
    public AccessTokenFault Fault { get; }

    /// <summary>
    /// The token, if it is valid. Also set for <see cref="AccessTokenFault.Expired"/> and <see cref="AccessTokenFault.NotYetValid"/>: the signature was valid,
    /// so the token can be named and revoked, but not accepted. Test <see cref="IsValid"/>, never this for null.
    /// </summary>
    public AccessToken? Token { get; }

    /// <summary>True if the token is valid.</summary>
    [MemberNotNullWhen(true, nameof(Token))]
    public bool IsValid => Fault == AccessTokenFault.None && Token is not null;

    internal static AccessTokenResult Valid(AccessToken token) => new(AccessTokenFault.None, token);

    internal static AccessTokenResult Expired(AccessToken token) => new(AccessTokenFault.Expired, token);

    internal static AccessTokenResult NotYetValid(AccessToken token) => new(AccessTokenFault.NotYetValid, token);

    internal static AccessTokenResult Invalid(AccessTokenFault fault) => new(fault, token: null);
}
