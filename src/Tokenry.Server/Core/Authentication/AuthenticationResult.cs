using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Credentials;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// The result of authentication: <see cref="NotRequested"/>, an <see cref="AuthenticationFailure"/>, or <see cref="Authenticated"/>. No other result exists.
/// The door decides whether a valid credential is enough for a certain request.
/// </summary>
public abstract class AuthenticationResult
{
    private protected AuthenticationResult() { }

    /// <summary><c>valid</c>, or the first reason why the credential is valid nowhere; one of <see cref="VerificationCode"/>.</summary>
    public abstract string Code { get; }

    /// <summary>The same for the records.</summary>
    public virtual AuditReason Reason => AuditReason.Of(Code);

    public bool IsGood => this is Authenticated;

    /// <summary>One of <see cref="CredentialKind"/>; <c>null</c> if the request presents no genuine credential.</summary>
    public virtual string? Kind => null;

    /// <summary>The stored credential: the one that was presented, or the one that an access token was issued to. <c>null</c> = none is known.</summary>
    public virtual CredentialFacts? Stored => null;

    /// <summary>The claims of a presented access token; otherwise <c>null</c>.</summary>
    public virtual AccessToken? Token => null;

    /// <summary>Public id of the principal whose rights the credential has.</summary>
    public virtual string? OwnerId => null;

    /// <summary>Public id of the principal that holds the credential. For an access token: the application it was issued to. Otherwise the owner.</summary>
    public virtual string? HolderId => null;

    /// <summary>Which of the credential's secrets was presented (<see cref="SecretFacts.Version"/>); <c>null</c> = none.</summary>
    public virtual long? SecretVersion => null;

    public virtual DateTimeOffset? ExpiresAt => null;

    public virtual string? CredentialId => Stored?.Id;
}

/// <summary>The request presents nothing.</summary>
public sealed class NotRequested : AuthenticationResult
{
    private NotRequested() { }

    public static readonly NotRequested Instance = new();

    public override string Code => VerificationCode.Malformed;
}
