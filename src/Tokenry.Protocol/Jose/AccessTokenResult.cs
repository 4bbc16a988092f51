using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Jose;

/// <summary>What <see cref="AccessTokenValidator"/> found: a good token, or one fault. Made by the validator alone.</summary>
public sealed class AccessTokenResult
{
    private AccessTokenResult(AccessTokenFault fault, AccessToken? token)
    {
        Fault = fault;
        Token = token;
    }

    /// <summary>The first thing found wrong, or <see cref="AccessTokenFault.None"/>.</summary>
    public AccessTokenFault Fault { get; }

    /// <summary>
    /// The token, when it is good. Also set for <see cref="AccessTokenFault.Expired"/> and <see cref="AccessTokenFault.NotYetValid"/>: the signature
    /// was good, so that it can be named and revoked, not honoured. Test <see cref="IsValid"/>, never this for null.
    /// </summary>
    public AccessToken? Token { get; }

    /// <summary>True when the token is good.</summary>
    [MemberNotNullWhen(true, nameof(Token))]
    public bool IsValid => Fault == AccessTokenFault.None && Token is not null;

    internal static AccessTokenResult Valid(AccessToken token) => new(AccessTokenFault.None, token);

    internal static AccessTokenResult Expired(AccessToken token) => new(AccessTokenFault.Expired, token);

    internal static AccessTokenResult NotYetValid(AccessToken token) => new(AccessTokenFault.NotYetValid, token);

    internal static AccessTokenResult Invalid(AccessTokenFault fault) => new(fault, token: null);
}
