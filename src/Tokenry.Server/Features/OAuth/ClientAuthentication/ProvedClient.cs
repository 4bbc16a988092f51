using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Authentication;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>The result of a client authentication method.</summary>
/// <param name="Found">The owner of the credential, or why it is not valid.</param>
public readonly record struct ProvedClient(AuthenticationResult Found)
{
    /// <summary>The method that was used, if the credential decides it; else the presented method applies.</summary>
    public string? Method { get; init; }

    /// <summary>The assertion to claim; <c>null</c> if the credential may be used again.</summary>
    public ClientAssertion? OnceOnly { get; init; }

    /// <summary>Whether the credential is the subject token of a token exchange.</summary>
    public bool IsSubjectToken { get; init; }

    /// <summary>The presented credential is not well-formed.</summary>
    public static ProvedClient Malformed => new(AuthenticationFailure.Of(Protocol.Api.VerificationCode.Malformed));
}
